import {registry} from "@web/core/registry";

/** A manager records an appeal against a binding and approves it. */
registry.category("web_tour.tours").add("distribution_binding_tour", {
    steps: () => [
        {
            content: "Open the customer's binding",
            trigger: ".o_data_row:contains(Tour Customer) td[name=distributor_id]",
            run: "click",
        },
        {
            content: "The form says what protection comes to",
            trigger: ".alert-info:contains(no other distributor can take the customer over)",
        },
        {
            trigger: "button[name=action_request]:contains(Request a Change)",
            run: "click",
        },
        {
            content: "The customer and the distributor it has are filled in",
            trigger: ".o_field_widget[name=from_distributor_id]:contains(Tour First)",
        },
        {
            trigger: ".o_field_widget[name=kind] select, .o_field_widget[name=kind] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(Appeal)",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=distributor_id] input",
            run: "edit Tour Second",
        },
        {
            trigger: ".o-autocomplete--dropdown-menu .dropdown-item:contains(Tour Second)",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=reason] textarea",
            run: "edit The customer scanned his poster",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "Nothing is decided yet",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(To Decide)",
        },
        {
            trigger: ".o_field_widget[name=decision_reason] textarea",
            run: "edit The poster is his",
        },
        {
            trigger: "button[name=action_approve]",
            run: "click",
        },
        {
            trigger: ".modal .btn-primary:contains(Ok)",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Approved)",
        },
        {
            content: "The new binding is linked",
            trigger: ".o_field_widget[name=binding_id]:contains(Tour Customer)",
        },
        {
            content: "Back to the old binding, and to the customer's history",
            trigger: ".breadcrumb-item:contains(Tour Customer) a, .o_back_button a",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Ended)",
        },
        {
            trigger: "button[name=action_view_history]",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Tour Second):contains(Active)",
        },
        {
            trigger: ".o_data_row:contains(Tour First):contains(Ended)",
        },
    ],
});
