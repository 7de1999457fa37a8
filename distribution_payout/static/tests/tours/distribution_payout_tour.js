import {registry} from "@web/core/registry";

function openMenu(section, item) {
    return [
        {
            trigger: `.o_menu_sections button:contains(${section})`,
            run: "click",
        },
        {
            trigger: `.o-dropdown--menu .dropdown-item:contains(${item})`,
            run: "click",
        },
    ];
}

/** Due commission is settled and posted, paid out and confirmed: the account shows it. */
registry.category("web_tour.tours").add("distribution_payout_tour", {
    steps: () => [
        {
            trigger: ".o_control_panel button:contains(Settle Due Commission)",
            run: "click",
        },
        {
            content: "The preview names who gets what",
            trigger: ".modal .o_data_row:contains(Cleo)",
        },
        {
            trigger: ".modal button[name=action_create_settlement]",
            run: "click",
        },
        {
            trigger: ".o_form_view button[name=action_post]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Posted)",
        },
        ...openMenu("Payout", "Payout Runs"),
        {
            trigger: ".o_control_panel button:contains(Pay Out)",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row:contains(Cleo)",
        },
        {
            trigger: ".modal button[name=action_create_run]",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_statusbar_buttons button:contains(Confirm Payments)",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row:contains(Cleo)",
        },
        {
            trigger: ".modal button[name=action_confirm]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Done)",
        },
        ...openMenu("Commission", "Accounts"),
        {
            content: "The account shows what was paid out",
            trigger: ".o_data_row:contains(Cleo) td[name=paid_amount]:contains(100.00)",
        },
    ],
});
