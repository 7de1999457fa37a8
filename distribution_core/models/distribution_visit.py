# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta
from hashlib import sha256

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import BINDING_SOURCES, VISIT_DAYS, VISIT_STATES


class DistributionVisit(models.Model):
    """A distributor brought somebody: provisional until the person agrees or is known by a phone number.

    Not a state of the binding: whoever visits is often nobody yet (a binding has a customer), several distributors may
    have brought the same person (there is one active binding), and what is never confirmed is forgotten (the history
    of bindings is kept). Either the visitor's token is known or the person, never both: what is learned at login moves
    the visits from the one to the other.
    """

    _name = "distribution.visit"
    _description = "Visit"
    _order = "date_last desc, id desc"
    _rec_names_search = ["partner_id", "distributor_id"]

    distributor_id = fields.Many2one(
        comodel_name="distribution.distributor", required=True, index=True, ondelete="cascade", readonly=True
    )
    program_id = fields.Many2one(related="distributor_id.program_id", store=True, index=True)
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True)
    visitor = fields.Char(
        string="Browser",
        readonly=True,
        index="btree_not_null",
        groups="base.group_system",
        help="Digest of the token in the visitor's browser: who reads it cannot pretend to be the visitor.",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Visitor",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
        help="Empty while nobody knows who it is.",
    )
    source = fields.Selection(selection=BINDING_SOURCES, required=True, readonly=True)
    date_from = fields.Datetime(string="First Visit", required=True, readonly=True)
    date_last = fields.Datetime(string="Last Visit", required=True, readonly=True)
    date_to = fields.Datetime(
        string="Counts Until", required=True, readonly=True, help="A visit that is not confirmed by then is forgotten."
    )
    state = fields.Selection(
        selection=VISIT_STATES,
        required=True,
        default="provisional",
        readonly=True,
        index=True,
        help="Confirmed: the customer was bound. Passed over: the binding of another distributor stayed or was made.",
    )
    binding_id = fields.Many2one(
        comodel_name="distribution.binding", index="btree_not_null", ondelete="set null", readonly=True
    )

    _provisional_uniq = models.UniqueIndex(
        "(distributor_id, COALESCE(partner_id, 0), COALESCE(visitor, '')) WHERE state = 'provisional'",
        "A distributor's visitor is noted once.",
    )
    _one_identity = models.Constraint(
        "CHECK((visitor IS NULL) != (partner_id IS NULL))", "A visit has either a token or a person."
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id.display_name", "distributor_id.display_name")
    def _compute_display_name(self):
        # Managers of the parent company read of a branch's customers who brought them.
        for visit in self.sudo():
            visitor = visit.partner_id.display_name or self.env._("Unknown visitor")
            visit.display_name = f"{visitor} → {visit.distributor_id.display_name or ''}"

    # === BUSINESS METHODS === #

    @api.model
    def _note_visit(self, distributor, token=None, partner=None, source="link", days=VISIT_DAYS):
        """Remember that a distributor brought somebody; again and again is one visit that lasts longer.

        :param distributor: the `distribution.distributor` whose link, code or share was opened
        :param str token: stands for the visitor's browser; not needed where the person is known
        :param partner: the person, a `res.partner`, where it is known
        :param str source: a key of the sources of bindings
        :param int days: how long the visit may be confirmed
        :return: the visit; empty where it is nobody's, or would count for nobody
        """
        if not (partner or token) or not distributor._is_earning() or distributor.partner_id == partner:
            return self.browse()
        now = fields.Datetime.now()
        return self._put(
            {
                "distributor_id": distributor.id,
                "program_id": distributor.program_id.id,
                "company_id": distributor.company_id.id,
                "visitor": None if partner else self._digest(token),
                "partner_id": partner.id if partner else None,
                "source": source,
                "date_from": now,
                "date_last": now,
                "date_to": now + timedelta(days=days),
            }
        )

    @api.model
    def _claim_visits(self, token, partner):
        """Give a person the visits of its browser: it has logged in. They stay provisional.

        :param str token: stands for the visitor's browser
        :param partner: who it is, a `res.partner`
        :return: the person's provisional visits
        """
        self.search([("visitor", "=", self._digest(token)), ("state", "=", "provisional")])._give_to(partner)
        return self._find_provisional(partner=partner)

    def _give_to(self, partner):
        """Make provisional visits a person's, one for each distributor; who brought itself is forgotten."""
        names = ("distributor_id", "program_id", "company_id")
        for visit in self.filtered(lambda visit: visit.distributor_id.partner_id != partner):
            vals = {name: visit[name].id for name in names}
            dates = {name: visit[name] for name in ("source", "date_from", "date_last", "date_to")}
            self._put({**vals, **dates, "visitor": None, "partner_id": partner.id})
        self.unlink()

    @api.model
    def _confirm_visits(self, partner, token=None, is_agreed=False):
        """Bind a person to who brought it, as far as the programs' policies allow. Nothing is raised, twice is once.

        Called when the person agrees, gives its phone number, or is otherwise known for good.

        :param partner: the person, a `res.partner`
        :param str token: of the person's browser, for visits before it was known
        :param bool is_agreed: the person was asked whether to leave the distributor it has
        :return: the active bindings that confirm a visit
        """
        partner._lock_for_distribution()
        if token:
            self._claim_visits(token, partner)
        bindings = self.env["distribution.binding"]
        for visits in self._find_provisional(partner=partner).grouped("program_id").values():
            bindings |= visits._confirm(is_agreed)
        return bindings

    @api.model
    def _find_provisional(self, partner=None, token=None, program=None):
        """Return a person's or a browser's visits that still count, in each program the one that goes first first.

        Where the first distributor keeps a customer, it is the first visit, else the last one.
        """
        domain = [("state", "=", "provisional"), ("date_to", ">", fields.Datetime.now())]
        domain.append(("partner_id", "=", partner.id) if partner else ("visitor", "=", self._digest(token)))
        if program:
            domain.append(("program_id", "=", program.id))
        visits = self.search(domain, order="date_last desc, id desc")
        first = visits.filtered(lambda visit: visit.program_id.binding_policy == "first")
        return first.sorted(lambda visit: (visit.date_from, visit.id)) + (visits - first)

    def _confirm(self, is_agreed):
        """Confirm the first of one person's visits in one program whose distributor still earns; pass the others over.

        :return: the binding, empty where another distributor's stays
        """
        chosen = self.filtered(lambda visit: visit.distributor_id._get_survivor()._is_earning())[:1]
        outcome, binding = "inactive", self.binding_id.browse()
        if chosen:
            distributor = chosen.distributor_id._get_survivor()
            outcome, binding = binding._recommend(chosen.partner_id, distributor, chosen.source, is_agreed)
        is_confirmed = outcome in ("bound", "already")
        self.write({"state": "passed"})
        if is_confirmed:
            chosen.write({"state": "confirmed", "binding_id": binding.id})
        return binding if is_confirmed else binding.browse()

    @api.model
    def _digest(self, token):
        return sha256((token or "").encode()).hexdigest()

    def _put(self, vals):
        """Insert a provisional visit, or prolong the one there is, in one statement: two at once make one.

        A visit that was over begins anew.
        """
        self.flush_model()
        columns = {**vals, "state": "provisional", "create_uid": self.env.uid, "write_uid": self.env.uid}
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO distribution_visit AS visit (%(columns)s, create_date, write_date)
                     VALUES (%(values)s, %(now)s, %(now)s)
                ON CONFLICT (distributor_id, COALESCE(partner_id, 0), COALESCE(visitor, '')) WHERE state = 'provisional'
                DO UPDATE SET source = EXCLUDED.source, write_date = EXCLUDED.write_date,
                              date_from = CASE WHEN visit.date_to <= EXCLUDED.date_from THEN EXCLUDED.date_from
                                               ELSE LEAST(visit.date_from, EXCLUDED.date_from) END,
                              date_last = GREATEST(visit.date_last, EXCLUDED.date_last),
                              date_to = GREATEST(visit.date_to, EXCLUDED.date_to)
                  RETURNING id
                """,
                columns=SQL(", ").join(SQL.identifier(name) for name in columns),
                values=SQL(", ").join(SQL("%s", value) for value in columns.values()),
                now=fields.Datetime.now(),
            ),
            # The later of two is tried again: no error for the log.
            log_exceptions=False,
        )
        visit = self.browse(self.env.cr.fetchone()[0])
        self.invalidate_model()
        return visit

    @api.autovacuum
    def _gc_visits(self):
        """Forget what was not confirmed in time: nothing is kept of people without a purpose."""
        self.search([("state", "!=", "confirmed"), ("date_to", "<=", fields.Datetime.now())], limit=10000).unlink()
