import {registry} from "@web/core/registry";

const PANEL = ".o_distribution_setup";

/** Open a step of the panel, which is the next one to be done. */
function openStep(name) {
    return {
        content: `Step ${name}`,
        trigger: `${PANEL} [data-step=${name}]:not([data-done]) button.btn-primary`,
        run: "click",
    };
}

function isDone(name) {
    return {trigger: `${PANEL} [data-step=${name}][data-done]`};
}

function write(field, text) {
    return {
        trigger: `.o_field_widget[name=${field}] .odoo-editor-editable`,
        run: `editor ${text}`,
    };
}

function save() {
    return [
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved, .o_form_button_create:visible",
        },
    ];
}

function goBack() {
    return {
        trigger: ".o_back_button, .breadcrumb-item:first a",
        run: "click",
    };
}

/** A merchant goes from nothing to a running program, and comes back to the panel after each step. */
registry.category("web_tour.tours").add("distribution_setup_tour", {
    steps: () => [
        {
            trigger: `${PANEL}:contains(0 of 5 done)`,
        },
        openStep("company"),
        {
            trigger: ".modal .o_field_widget[name=country_id] input",
            run: "edit China",
        },
        {
            trigger: ".o-autocomplete--dropdown-menu .dropdown-item:contains(/^China$/)",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_confirm]",
            run: "click",
        },
        isDone("company"),
        openStep("program"),
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Tour Friends",
        },
        {
            trigger: ".o_notebook .nav-link:contains(Joining)",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=join_policy] .o_radio_item:contains(Anyone who accepts) input",
            run: "click",
        },
        ...save(),
        goBack(),
        isDone("program"),
        openStep("rule"),
        {
            trigger: ".o_breadcrumb:contains(Rules)",
        },
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=rate] input",
            run: "edit 12",
        },
        ...save(),
        goBack(),
        {
            trigger: ".o_list_view .o_data_row",
        },
        goBack(),
        isDone("rule"),
        openStep("agreement"),
        {
            trigger: ".o_notebook .nav-link:contains(Texts)",
            run: "click",
        },
        write("introduction", "Recommend what you like"),
        {
            trigger: ".o_notebook .nav-link:contains(Joining)",
            run: "click",
        },
        {
            trigger: "button[name=action_write_agreement]",
            run: "click",
        },
        write("text", "Be honest"),
        {
            trigger: "button[name=action_publish]",
            run: "click",
        },
        {
            trigger: ".modal:contains(never changes) .btn-primary",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Published)",
        },
        goBack(),
        {
            content: "The program knows its agreement",
            trigger: ".o_field_widget[name=agreement_ids] .o_data_row:contains(Published)",
        },
        goBack(),
        isDone("agreement"),
        openStep("distributor"),
        {
            trigger: ".o_field_widget[name=program_id] input:value(Tour Friends)",
        },
        {
            trigger: ".o_field_widget[name=partner_id] input",
            run: "edit Tour First",
        },
        {
            trigger: ".o-autocomplete--dropdown-menu .dropdown-item:contains(Tour First)",
            run: "click",
        },
        ...save(),
        {
            trigger: "button[name=action_accept_agreement]",
            run: "click",
        },
        {
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            trigger: "button[name=action_activate]:contains(Activate)",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Active)",
        },
        goBack(),
        {
            content: "All is done, and the panel can go",
            trigger: `${PANEL}:contains(5 of 5 done) .btn-close`,
            run: "click",
        },
        {
            trigger: `body:not(:has(${PANEL})) .o_list_view`,
        },
    ],
});
