import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function openDistributor(name) {
    return [
        {
            content: `Open ${name}`,
            trigger: `.o_list_renderer .o_data_row .o_data_cell[name=partner_id]:contains(${name})`,
            run: "click",
        },
        {
            trigger: `.o_form_view .o_field_widget[name=partner_id]`,
        },
    ];
}

function choose(field, name, scope = "") {
    return [
        {
            trigger: `${scope} .o_field_widget[name=${field}] input`,
            run: `edit ${name}`,
        },
        {
            trigger: `.o-autocomplete--dropdown-menu .dropdown-item:contains(${name})`,
            run: "click",
        },
    ];
}

/** A manager moves a distributor with its team, and sees first what changes. */
tours.add("distribution_move_tour", {
    steps: () => [
        ...openDistributor("Tour Ben"),
        {
            trigger: "button[name=action_move]:contains(Change the Upline)",
            run: "click",
        },
        ...choose("upline_id", "Tour Eve", ".modal"),
        {
            content: "The preview names the upline before and after",
            trigger: ".modal .o_data_row:contains(Tour Ben):contains(Tour Ada):contains(Tour Eve)",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit Moved to another town",
        },
        {
            trigger: ".modal button[name=action_confirm]:contains(Move)",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_form_view .o_field_widget[name=parent_id]:contains(Tour Eve)",
        },
    ],
});

/** A manager reviews an application: asks for more, names an upline, accepts. */
tours.add("distribution_review_tour", {
    steps: () => [
        ...openDistributor("Tour Dora"),
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Applied)",
        },
        {
            trigger: "button[name=action_decide]:contains(Ask for More)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit Who recommended you?",
        },
        {
            trigger: ".modal button[name=action_confirm]",
            run: "click",
        },
        {
            trigger: ".o_form_view:contains(Who recommended you?)",
        },
        ...choose("parent_id", "Tour Eve"),
        {
            trigger: "button[name=action_activate]:contains(Activate)",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Active)",
        },
    ],
});
