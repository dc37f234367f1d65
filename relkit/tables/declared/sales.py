"""Sales and their setting: transactions, products, stores, movements of loyalty points."""

from __future__ import annotations

import polars as pl

from relkit.contracts import Contract, Rule
from relkit.tables.declared.columns import (
    NEEDED,
    after,
    choice,
    column,
    customer,
    dated,
    day,
    entity,
    flag,
    instant,
    money,
    number,
    recorded,
    text,
    valid_from,
)
from relkit.texts import Text

LINE_KINDS = ("sale", "return", "cancel", "fee", "gift_card")
"""A sale counts as a purchase; returns and cancels are negative; fees and gift cards are neither purchase nor revenue."""

_SIGN_REMEDY = "Declare in the mapping how the source marks returns (kind and sign), or correct the lines."

TRANSACTIONS = Contract(
    name="transactions",
    key=("transaction_line_id",),
    label=Text("Transactions", "Transactions"),
    meaning="What was bought, one row a line of a receipt, invoice or order; returns and fees are lines of their own kind.",
    references=(("customer_id", "customers"), ("product_id", "products"), ("store_id", "stores"), ("offer_id", "offers")),
    rules=(
        dated("occurred_at"),
        Rule(
            name="net_amount: negative on a sale",
            columns=("net_amount", "line_kind"),
            broken=(pl.col("line_kind") == "sale") & (pl.col("net_amount") < 0),
            remedy=_SIGN_REMEDY,
        ),
        Rule(
            name="net_amount: positive on a return or cancel",
            columns=("net_amount", "line_kind"),
            broken=pl.col("line_kind").is_in(["return", "cancel"]) & (pl.col("net_amount") > 0),
            remedy=_SIGN_REMEDY,
        ),
        Rule(
            name="quantity: zero",
            columns=("quantity",),
            broken=pl.col("quantity") == 0,
            impossible=False,
            remedy="Kept: the amount counts, the line has no price per unit.",
        ),
        Rule(
            name="quantity: negative on a sale",
            columns=("quantity", "line_kind"),
            broken=(pl.col("line_kind") == "sale") & (pl.col("quantity") < 0),
            impossible=False,
            remedy="Kept: declare such lines as returns in the mapping where they are.",
        ),
    ),
    columns=(
        text("transaction_line_id", "Line", "Ligne", "The line; a mapping can make it from file and row number.", **NEEDED),
        text("transaction_id", "Transaction", "Transaction", "Receipt, invoice or order that holds the line.", **NEEDED),
        customer("The customer who bought.", always=True, null_means="not identified (no card shown, guest order)"),
        instant("occurred_at", "Occurred at", "Date et heure", "When it was bought.", **NEEDED),
        text("product_id", "Product", "Produit", "What was bought.", null_means="not known"),
        number("quantity", "Quantity", "Quantité", "How much was bought; negative on a return.", likely_low=-1000.0, likely_high=1000.0),
        text("quantity_unit", "Unit", "Unité", "Unit of the quantity: piece, kg, litre.", null_means="piece"),
        money("net_amount", "Net amount", "Montant net", "Paid for the line after discounts; negative on returns and cancels.", **NEEDED),
        money(
            "discount_amount",
            "Discount",
            "Remise",
            "Taken off the line's price before net_amount, as a positive amount.",
            null_means="none or not known",
            likely_low=0.0,
        ),
        choice(
            "discount_funder",
            ("own", "supplier", "shared"),
            "Discount funder",
            "Financeur de la remise",
            "Who paid for the discount.",
            null_means="own or none",
        ),
        money(
            "margin_amount",
            "Margin",
            "Marge",
            "Net amount less cost of goods; negative on returns.",
            null_means="not measured for the line",
        ),
        choice(
            "line_kind",
            LINE_KINDS,
            "Kind of line",
            "Nature de ligne",
            "What the line is: only sales count as purchases.",
            nullable=False,
            default="sale",
        ),
        text("return_of", "Return of", "Retour de", "Line that a return or cancel takes back.", null_means="not known"),
        text("channel_id", "Channel", "Canal", "Where it was bought: web, store, phone, app."),
        text("store_id", "Store", "Magasin", "Store of the purchase.", null_means="no store"),
        text("offer_id", "Offer", "Offre", "Offer or coupon that was used.", null_means="none"),
        text(
            "currency",
            "Currency",
            "Devise",
            "Currency in which it was paid, ISO 4217; amounts stand in the programme's.",
            null_means="the programme's",
        ),
        entity(),
        recorded(),
    ),
)

PRODUCTS = Contract(
    name="products",
    key=("product_id", "valid_from"),
    label=Text("Products", "Produits"),
    meaning="What is sold; a new version of a product's row begins at valid_from.",
    columns=(
        text("product_id", "Product", "Produit", "The product.", **NEEDED),
        valid_from("the row"),
        text("name", "Name", "Nom", "Name of the product."),
        text("category_1", "Category", "Catégorie", "Broadest category."),
        text("category_2", "Subcategory", "Sous-catégorie", "Category within category_1."),
        text("category_3", "Family", "Famille", "Category within category_2."),
        text("brand", "Brand", "Marque", "Brand."),
        text("supplier", "Supplier", "Fournisseur", "Supplier."),
        money("price", "Price", "Prix", "List price of one unit.", low=0.0),
        column(
            "vat_rate",
            pl.Float64,
            "VAT rate",
            "Taux de TVA",
            "Rate of VAT: 0.2 for 20 %.",
            unit="share",
            low=0.0,
            high=1.0,
            likely_high=0.3,
        ),
        money("unit_margin", "Unit margin", "Marge unitaire", "Margin on one unit.", null_means="not known"),
        choice(
            "margin_source",
            ("measured", "assumed"),
            "Margin source",
            "Origine de la marge",
            "Whether the margin is measured; it follows every margin into every file.",
        ),
        flag(
            "in_stock",
            "In stock",
            "En stock",
            "Whether it can be bought now; a no keeps it out of recommendations.",
            null_means="not told: yes",
        ),
        day(
            "discontinued_on",
            "Discontinued on",
            "Retiré de la vente le",
            "First day on which it is no longer sold.",
            null_means="still sold",
        ),
    ),
)

STORES = Contract(
    name="stores",
    key=("store_id",),
    label=Text("Stores", "Magasins"),
    meaning="Points of sale.",
    rules=(after("opened_on", "closed_on"),),
    columns=(
        text("store_id", "Store", "Magasin", "The store.", **NEEDED),
        text("name", "Name", "Nom", "Name of the store."),
        text("format", "Format", "Format", "Format or size class."),
        text("region", "Region", "Région", "Region."),
        flag("is_owned", "Owned", "Succursale", "Whether the company runs it itself (no: franchise, partner)."),
        day("opened_on", "Opened on", "Ouvert le", "First day of business."),
        day("closed_on", "Closed on", "Fermé le", "Last day of business.", null_means="still open"),
    ),
)

LOYALTY_MOVEMENTS = Contract(
    name="loyalty_movements",
    key=("movement_id",),
    label=Text("Loyalty movements", "Mouvements de fidélité"),
    meaning="Points earned, burned and expired, and changes of tier.",
    references=(("customer_id", "customers"),),
    rules=(dated("occurred_at"),),
    columns=(
        text("movement_id", "Movement", "Mouvement", "The movement.", **NEEDED),
        customer("The customer.", **NEEDED),
        text("card_id", "Card", "Carte", "Card or account.", personal_data="pseudonym"),
        instant("occurred_at", "Occurred at", "Date et heure", "When it took place.", **NEEDED),
        choice("kind", ("earned", "burned", "expired", "tier"), "Kind", "Nature", "What moved.", **NEEDED),
        number("points", "Points", "Points", "Points moved; the kind tells whether they come or go.", unit="points"),
        text("tier", "Tier", "Niveau", "Tier reached.", null_means="no change of tier"),
        money("value", "Value", "Valeur", "Worth of the points."),
        recorded(),
    ),
)
