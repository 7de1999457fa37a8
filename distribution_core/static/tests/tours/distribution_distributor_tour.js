import {registry} from "@web/core/registry";

/** A manager sets up a program and welcomes a distributor. */
registry.category("web_tour.tours").add("distribution_distributor_tour", {
    steps: () => [
        {
            content: "Open the programs",
            trigger: ".o_menu_sections button:contains(Configuration)",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .dropdown-item:contains(Programs)",
            run: "click",
        },
        {
            trigger: ".breadcrumb-item:contains(Programs), .o_breadcrumb:contains(Programs)",
        },
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Tour Program",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "The program is saved",
            trigger: ".o_form_saved, .o_form_button_create:visible",
        },
        {
            content: "Nobody has joined yet",
            trigger: "button[name=action_view_distributors]",
            run: "click",
        },
        {
            trigger: ".o_view_nocontent:contains(Welcome your first distributor)",
        },
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "The program is filled in",
            trigger: ".o_field_widget[name=program_id] input:value(Tour Program)",
        },
        {
            trigger: ".o_field_widget[name=partner_id] input",
            run: "edit Tour Distributor",
        },
        {
            trigger: ".o-autocomplete--dropdown-menu .dropdown-item:contains(Tour Distributor)",
            run: "click",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: "button[name=action_activate]:contains(Activate)",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Active)",
        },
        {
            content: "An active distributor can be suspended",
            trigger: "button[name=action_decide]:contains(Suspend)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit Papers are missing",
        },
        {
            trigger: ".modal button[name=action_confirm]",
            run: "click",
        },
        {
            content: "The reason is to be seen",
            trigger: ".alert-warning:contains(Papers are missing)",
        },
        {
            trigger: "button[name=action_activate]:contains(End Suspension)",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Active)",
        },
    ],
});
