import {Component, onWillStart, useState} from "@odoo/owl";
import {ListController} from "@web/views/list/list_controller";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

/** The steps from nothing to a running program; the server says which of them are done. */
export class SetupPanel extends Component {
    static template = "distribution_core.SetupPanel";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({panel: false});
        onWillStart(() => this.load());
    }

    async load() {
        this.state.panel = await this.orm.call("distribution.setup", "get_panel", []);
    }

    get doneCount() {
        return this.state.panel.steps.filter((step) => step.is_done).length;
    }

    get nextStep() {
        return this.state.panel.steps.find((step) => !step.is_done);
    }

    async open(step) {
        const action = await this.orm.call("distribution.setup", "open_step", [step.name]);
        await this.action.doAction(action, {onClose: () => this.load()});
    }

    async close() {
        await this.orm.call("distribution.setup", "close", []);
        this.state.panel = false;
    }
}

export class SetupListController extends ListController {
    static template = "distribution_core.SetupListView";
    static components = {...ListController.components, SetupPanel};
}

registry.category("views").add("distribution_setup_list", {...listView, Controller: SetupListController});
