# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.fields import Domain


class DistributionPortalMixin(models.AbstractModel):
    """Records of which a distributor may read some fields in the portal: those named here, never what is added later.

    Which records these are is said by record rules. Rights on fields are checked by Odoo wherever it reads one, but not
    where it searches, sorts or groups by a related field: that is closed here.
    """

    _name = "distribution.portal.mixin"
    _description = "What Distributors Read in the Portal"

    @api.model
    def _get_portal_fields(self):
        """Return the names of the fields that a portal user may read, of its own records. Extension point.

        :rtype: set
        """
        return {"id", "display_name"}

    @api.model
    def _is_read_in_portal(self):
        return not self.env.su and not self.env.user._is_internal()

    @api.model
    def _has_field_access(self, field, operation):
        """Override of `base`: everything that is not named is closed to the portal, writing is closed altogether."""
        if self._is_read_in_portal() and (operation != "read" or field.name not in self._get_portal_fields()):
            return False
        return super()._has_field_access(field, operation)

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Override of `base` to check the fields of a domain before related ones become what they relate to."""
        if self._is_read_in_portal():
            _check_domain(self, Domain(domain))
        return super()._search(domain, *args, **kwargs)

    def _field_to_sql(self, alias, field_expr, query=None):
        """Override of `base`, for sorting and grouping by related fields."""
        field = self._fields.get(field_expr.split(".")[0])
        if field and self._is_read_in_portal():
            self._check_field_access(field, "read")
        return super()._field_to_sql(alias, field_expr, query)

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Override of `mail`: what is written about a record is for whoever may write it, not for the portal."""
        operations = super()._mail_get_operation_for_mail_message_operation(message_operation)
        return dict.fromkeys(operations, "write") if self._is_read_in_portal() else operations


def _check_domain(model, domain):
    """Make sure that the user may read every field a domain looks at, whatever path leads there.

    :raise AccessError: naming the field
    """
    for condition in domain.iter_conditions():
        target = model
        for name in condition.field_expr.split("."):
            field = target._fields.get(name)
            if not field:
                break
            target._check_field_access(field, "read")
            if field.relational:
                target = target.env[field.comodel_name]
        if isinstance(condition.value, (Domain, list)) and condition.operator in ("any", "not any"):
            _check_domain(target, Domain(condition.value))
