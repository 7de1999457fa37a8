import {registry} from "@web/core/registry";

const RULES = ".o_field_widget[name=rule_ids]";

function keepRule() {
    return [
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
    ];
}

function addRule(level, rate) {
    return [
        {
            trigger: `${RULES} .o_field_x2many_list_row_add a, ${RULES} .o_field_x2many_list_row_add button`,
            run: "click",
        },
        {
            trigger: ".modal [name=level] input",
            run: `edit ${level}`,
        },
        {
            trigger: ".modal [name=rate] input",
            run: `edit ${rate}`,
        },
        ...keepRule(),
    ];
}

/** Rates above the cap are refused with a message that says how to mend it. */
registry.category("web_tour.tours").add("distribution_commission_cap_tour", {
    steps: () => [
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Tour Program",
        },
        {
            trigger: ".o_field_widget[name=level_count] input",
            run: "edit 2",
        },
        ...addRule(1, 20),
        ...addRule(2, 15),
        {
            content: "The total follows what is typed",
            trigger: ".o_field_widget[name=total_rate]:contains(35)",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "The cap holds",
            trigger: ".modal:contains(above its cap of 30 %)",
        },
        {
            trigger: ".modal .modal-footer button",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
        {
            trigger: `${RULES} .o_data_row:eq(1) td[name=pay_label]`,
            run: "click",
        },
        {
            trigger: ".modal [name=rate] input",
            run: "edit 5",
        },
        ...keepRule(),
        {
            trigger: ".o_field_widget[name=total_rate]:contains(25)",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "The corrected program is saved",
            trigger: "button[name=action_view_distributors]",
        },
    ],
});

/** An order is confirmed and shipped by clicking; the ledger says why it holds what it holds. */
registry.category("web_tour.tours").add("distribution_commission_sale_tour", {
    steps: () => [
        {
            trigger: "button[name=action_confirm]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Sales Order)",
        },
        {
            trigger: "a[name=other_information]",
            run: "click",
        },
        {
            content: "The order counts for the customer's distributor",
            trigger: ".o_field_widget[name=distribution_distributor_id]:contains(Cleo)",
        },
        {
            trigger: ".o_field_widget[name=distribution_attribution]:contains(The customer's binding)",
        },
        {
            trigger: "button[name=action_view_delivery]",
            run: "click",
        },
        {
            trigger: "button[name=button_validate]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Done)",
        },
        {
            trigger: ".o_back_button",
            run: "click",
        },
        {
            content: "What is earned of what was expected",
            trigger: "button[name=action_view_commission_terms]:contains(17.00)",
            run: "click",
        },
        {
            trigger: ".o_last_breadcrumb_item:contains(Commission Terms)",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Cleo) td[name=order_id]",
            run: "click",
        },
        {
            trigger: "button[name=action_view_entries]",
            run: "click",
        },
        {
            trigger: ".o_last_breadcrumb_item:contains(Commission Entries)",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Earning) td[name=date]",
            run: "click",
        },
        {
            content: "The entry says why",
            trigger: ".o_field_widget[name=why]:contains(Rate 10 % on level 1)",
        },
    ],
});

function pick(field, text) {
    return [
        {
            trigger: `.o_field_widget[name=${field}] input`,
            run: `edit ${text}`,
        },
        {
            trigger: `.o-autocomplete--dropdown-item:contains(${text})`,
            run: "click",
        },
    ];
}

/** A category pays more than everything else; the simulator says which rule wins, and why the other does not. */
registry.category("web_tour.tours").add("distribution_commission_rule_tour", {
    steps: () => [
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        ...pick("program_id", "Friends"),
        {
            trigger: ".o_field_widget[name=rate] input",
            run: "edit 15",
        },
        {
            trigger: ".o_field_widget[name=product_scope] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(Product category)",
            run: "click",
        },
        ...pick("categ_id", "Tour Tea"),
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved",
        },
        {
            trigger: ".o_breadcrumb .o_back_button",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Tour Tea):contains(15 %)",
        },
        {
            trigger: "button:contains(Try a Sale)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=program_id]",
        },
        ...pick("program_id", "Friends"),
        ...pick("distributor_id", "Cleo"),
        ...pick("product_id", "Tour Longjing"),
        {
            trigger: ".modal .o_data_row:contains(Tour Tea):contains(Pays):contains(15.00)",
        },
        {
            content: "The rule for all products loses",
            trigger: ".modal .o_data_row:contains(10 %):contains(A more specific product wins)",
        },
        {
            trigger: ".modal-footer button:contains(Close)",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
    ],
});
