"""What the company does by itself: nightly jobs, settlement, payout (RULES.md, section 7)."""

from .clock import today


class Office:
    """Runs the scheduled jobs at their time, as the scheduler would, and pays."""

    NIGHTLY = (
        ("stock.picking", "_cron_confirm_receipts"),
        ("distribution.commission.entry", "_cron_release"),
        ("distribution.commission.entry", "_cron_post_accruals"),
        ("distribution.settlement", "_cron_settle"),
        ("sale.order", "_cron_sweep_commission"),
        ("distribution.binding", "_cron_end_expired"),
    )

    def __init__(self, env):
        self.env = env

    def run_nightly_jobs(self):
        """Release, post, settle on the program's day, sweep (7.1, 7.2)."""
        for model, method in self.NIGHTLY:
            getattr(self.env[model], method)()

    def post_entries(self):
        """Post the entries of the last day, so that the books hold all of the ledger (7.4)."""
        self.env["distribution.commission.entry"]._cron_post_accruals()

    def pay_out(self):
        """Pay everyone who has the minimum by the two wizards, and confirm it (7.3)."""
        wizard = self.env["distribution.payout.wizard"].create({})
        if not wizard.line_ids:
            return
        run_id = wizard.action_create_run()["res_id"]
        confirm = self.env["distribution.payout.confirm"].create({"run_id": run_id, "date": today()})
        confirm.action_confirm()
