# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Long random histories on the real models, held against a model of the ledger in plain Python.

`model` says what must be in the ledger (`rules` which rule pays, `pay` how much, `refunds` what was given back),
written from the design and sharing no code with the modules; `history` makes up what happens and reduces what fails to
its smallest form; `drive` plays it on Odoo, tells the model what happened and compares the two after every event.
`tests/test_property.py` runs them.
"""
