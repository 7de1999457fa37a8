# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How an amount of commission is made: pure functions on exact numbers, no ORM, no database.

`money` rounds and shares out, `eligible_base` says what a line earns on, `refunds` what of it was given back,
`rule_index` finds the rate, `amount` makes of them what each level gets, `convergence` tells the ledger what to write,
`explanation` puts it into words.
"""
