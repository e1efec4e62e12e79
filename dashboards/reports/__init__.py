"""The reports: a file here is a card on the page.

A report file has `ORDER`, its place on the page; `QUESTION`, what it answers; and `report(sweep)`, which hands back a
`Card`, or `NotYet` with the reason. Inside, one function computes a DataFrame and another draws it.
"""
