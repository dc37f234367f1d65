"""Contracts and the parties bound to them."""

from __future__ import annotations

import polars as pl

from relkit.contracts import Contract, Disagreement, Rule
from relkit.tables.declared.columns import NEEDED, after, choice, customer, dated, day, entity, money, recorded, text, valid_from, whole
from relkit.tables.declared.statuses import RUNNING, is_one_of
from relkit.texts import Text

CONTRACTS = Contract(
    name="contracts",
    key=("contract_id", "valid_from", "status", "ended_on"),
    label=Text("Contracts", "Contrats"),
    meaning="Subscriptions, policies, accounts; a new version of a contract's row begins at valid_from.",
    notes=(
        "A status that states an end (ended, closed, cancelled, résilié, clos ...; others are declared as `contract_ended_statuses`) needs "
        "a day. Without one, all rows of the contract go to quarantine, or the contract ends on the last known day if the mapping declares "
        "it (`contract_ended_without_day`)."
    ),
    references=(("customer_id", "customers"), ("product_id", "products")),
    rules=(
        dated("started_on"),
        after("started_on", "ended_on"),
        Rule(
            name="end_reason: given without ended_on",
            columns=("ended_on", "end_reason"),
            broken=pl.col("ended_on").is_null() & pl.col("end_reason").is_not_null(),
            impossible=False,
            remedy="Kept: the contract counts as running.",
        ),
    ),
    disagreement=Disagreement(
        columns=("status", "ended_on"),
        rule="status: another state from the same day",
        remedy="Kept: a contract that one row ends has ended, on the earliest day given; of other states a running one yields.",
        meaning=Text(
            "with another state of a contract from the same day than an earlier one; a contract that one row ends has ended",
            "avec un autre état d’un contrat au même jour qu’une précédente ; un contrat que l’une d’elles termine est terminé",
        ),
        ascending=(
            pl.col("ended_on").is_not_null(),
            -pl.col("ended_on").to_physical(),
            ~is_one_of(pl.col("status"), RUNNING),
            pl.col("status"),
        ),
    ),
    columns=(
        text("contract_id", "Contract", "Contrat", "The contract.", **NEEDED),
        valid_from("the row"),
        customer("The customer who holds it.", **NEEDED),
        text("product_id", "Product", "Produit", "What is subscribed to."),
        text("status", "Status", "Statut", "State of the contract in the source's words: active, suspended, ended.", **NEEDED),
        day("started_on", "Started on", "Débuté le", "First day of the contract.", **NEEDED),
        day("ended_on", "Ended on", "Terminé le", "Day on which it ended.", null_means="running"),
        choice(
            "end_reason",
            ("voluntary", "involuntary", "move", "other"),
            "End reason",
            "Motif de fin",
            "Why it ended: the customer's wish, non-payment or death, a move, other.",
            null_means="running, or not known",
        ),
        whole("term_months", "Term", "Durée d'engagement", "Months of commitment at the start.", unit="months", low=0, likely_high=600),
        day("commitment_ends_on", "Commitment ends on", "Fin d'engagement", "Last day of the commitment.", null_means="no commitment"),
        day("renewal_on", "Renewal on", "Échéance", "Next day on which it renews."),
        money("monthly_amount", "Monthly amount", "Montant mensuel", "Billed a month.", likely_low=0.0),
        money("monthly_margin", "Monthly margin", "Marge mensuelle", "Margin a month."),
        money("balance", "Balance", "Solde", "Balance of the account; negative is owed by the customer."),
        text("payment_method", "Payment method", "Moyen de paiement", "How it is paid: direct_debit, card, transfer, cheque, other."),
        entity(),
        recorded(),
    ),
)

CONTRACT_PARTIES = Contract(
    name="contract_parties",
    key=("contract_id", "customer_id", "role"),
    label=Text("Contract parties", "Parties aux contrats"),
    meaning="Everybody bound to a contract: joint holders, payers, beneficiaries.",
    references=(("contract_id", "contracts"), ("customer_id", "customers")),
    columns=(
        text("contract_id", "Contract", "Contrat", "The contract.", **NEEDED),
        customer("A party to it.", **NEEDED),
        text("role", "Role", "Rôle", "What the party is: holder, joint_holder, payer, user, beneficiary.", **NEEDED),
    ),
)
