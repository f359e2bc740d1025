"""The 24 products of the Santander data, in the original file's column order."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

_PRODUCTS = (
    ("ind_ahor_fin_ult1", "Saving account", "accounts"),
    ("ind_aval_fin_ult1", "Guarantee", "treasury"),
    ("ind_cco_fin_ult1", "Current account", "accounts"),
    ("ind_cder_fin_ult1", "Derivada account", "treasury"),
    ("ind_cno_fin_ult1", "Payroll account", "accounts"),
    ("ind_ctju_fin_ult1", "Junior account", "accounts"),
    ("ind_ctma_fin_ult1", "Más particular account", "accounts"),
    ("ind_ctop_fin_ult1", "Particular account", "accounts"),
    ("ind_ctpp_fin_ult1", "Particular plus account", "accounts"),
    ("ind_deco_fin_ult1", "Short-term deposit", "deposits"),
    ("ind_deme_fin_ult1", "Medium-term deposit", "deposits"),
    ("ind_dela_fin_ult1", "Long-term deposit", "deposits"),
    ("ind_ecue_fin_ult1", "E-account", "accounts"),
    ("ind_fond_fin_ult1", "Funds", "investments"),
    ("ind_hip_fin_ult1", "Mortgage", "lending"),
    ("ind_plan_fin_ult1", "Pension plan", "pensions"),
    ("ind_pres_fin_ult1", "Loan", "lending"),
    ("ind_reca_fin_ult1", "Taxes", "payments"),
    ("ind_tjcr_fin_ult1", "Credit card", "cards"),
    ("ind_valo_fin_ult1", "Securities", "investments"),
    ("ind_viv_fin_ult1", "Home account", "accounts"),
    ("ind_nomina_ult1", "Payroll", "payments"),
    ("ind_nom_pens_ult1", "Pension payment", "pensions"),
    ("ind_recibo_ult1", "Direct debit", "payments"),
)

VOCABULARY = tuple(product_id for product_id, _, _ in _PRODUCTS)
MAY_BE_EMPTY = frozenset({"ind_nomina_ult1", "ind_nom_pens_ult1"})
"""Flags the bank leaves empty for some customer-months: unknown, not zero."""


def products_table() -> pl.DataFrame:
    """The canonical products table."""
    return pl.DataFrame(_PRODUCTS, schema=["product_id", "name", "group"], orient="row")


def products_of_masks(masks: pl.Series) -> pl.Series:
    """The products each mask names, in vocabulary order: bit i set = product i."""
    bits = masks.to_numpy()[:, None] >> np.arange(len(VOCABULARY), dtype=np.uint32) & 1
    _, products = np.nonzero(bits)
    ends = np.concatenate([[0], np.cumsum(bits.sum(axis=1))])
    names = pa.array(VOCABULARY, pa.large_string()).take(pa.array(products))
    lists = pa.LargeListArray.from_arrays(pa.array(ends.astype(np.int64)), names)
    return pl.Series(pl.from_arrow(lists)).cast(pl.List(pl.String))


def mask_of(flags: dict[str, pl.Expr]) -> pl.Expr:
    """One number per row with bit i set where the flag of product i is true (null = not set)."""
    bits = [
        flags[product].fill_null(value=False).cast(pl.UInt32) * (1 << i)
        for i, product in enumerate(VOCABULARY)
    ]
    return pl.sum_horizontal(bits).cast(pl.UInt32)
