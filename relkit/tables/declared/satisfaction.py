"""Satisfaction of customers: answers to surveys, cases."""

from __future__ import annotations

import polars as pl

from relkit.contracts import Contract, Rule
from relkit.tables.declared.columns import NEEDED, after, choice, customer, dated, instant, money, number, recorded, text
from relkit.texts import Text

SURVEYS = Contract(
    name="surveys",
    key=("response_id",),
    label=Text("Survey answers", "Réponses aux enquêtes"),
    meaning="Answers to questions of satisfaction, one row a question answered.",
    references=(("customer_id", "customers"),),
    rules=(
        dated("answered_at"),
        after("invited_at", "answered_at", impossible=False),
        Rule(
            name="score: below scale_min",
            columns=("score", "scale_min"),
            broken=pl.col("score") < pl.col("scale_min"),
            remedy="Check the scale that the mapping declares.",
        ),
        Rule(
            name="score: over scale_max",
            columns=("score", "scale_max"),
            broken=pl.col("score") > pl.col("scale_max"),
            remedy="Check the scale that the mapping declares.",
        ),
    ),
    columns=(
        text("response_id", "Answer", "Réponse", "The answer.", **NEEDED),
        customer("The customer who answered.", null_means="anonymous answer"),
        instant("answered_at", "Answered at", "Répondu le", "When it was answered.", **NEEDED),
        instant("invited_at", "Invited at", "Invité le", "When the customer was asked."),
        choice("mode", ("cold", "hot"), "Mode", "Mode", "Asked at a distance (cold) or right after an event (hot).", **NEEDED),
        text("question", "Question", "Question", "The question's name: nps, csat, ces or the company's own.", **NEEDED),
        number(
            "score",
            "Score",
            "Note",
            "The answer as a number, on the scale of scale_min to scale_max.",
            unit="points of the scale",
            null_means="no number given",
        ),
        number("scale_min", "Scale minimum", "Minimum d'échelle", "Lowest score of the scale.", unit="points of the scale"),
        number("scale_max", "Scale maximum", "Maximum d'échelle", "Highest score of the scale.", unit="points of the scale"),
        text("step", "Step", "Étape", "Step of the customer's journey that was asked about."),
        text("comment", "Comment", "Commentaire", "Words of the customer.", personal_data="sensitive"),
        number("weight", "Weight", "Poids", "Weight of the answer in averages.", above=0.0, null_means="1"),
        recorded(),
    ),
)

CASES = Contract(
    name="cases",
    key=("case_id",),
    label=Text("Cases", "Dossiers de réclamation"),
    meaning="Complaints and alerts, and how the loop with the customer was closed.",
    references=(("customer_id", "customers"),),
    rules=(
        dated("opened_at"),
        *(
            after("opened_at", step, impossible=False)
            for step in ("recalled_at", "listened_at", "soothed_at", "learned_at", "repaired_at", "escalated_at")
        ),
    ),
    columns=(
        text("case_id", "Case", "Dossier", "The case.", **NEEDED),
        customer("The customer.", **NEEDED),
        instant("opened_at", "Opened at", "Ouvert le", "When it was opened.", **NEEDED),
        text("origin", "Origin", "Origine", "What opened it: a survey, a call, a letter, an alert."),
        instant("recalled_at", "Recalled at", "Rappelé le", "When the customer was called back.", null_means="not yet"),
        instant("listened_at", "Listened at", "Écouté le", "When the customer was heard.", null_means="not yet"),
        instant("soothed_at", "Soothed at", "Apaisé le", "When the customer was content with the answer.", null_means="not yet"),
        instant("learned_at", "Learned at", "Appris le", "When the company drew its lesson.", null_means="not yet"),
        instant("repaired_at", "Repaired at", "Réparé le", "When it was repaired; closes the case.", null_means="still open"),
        instant("escalated_at", "Escalated at", "Escaladé le", "When it was handed up.", null_means="not escalated"),
        text("cause", "Cause", "Cause", "Cause in the company's words."),
        money("repair_cost", "Repair cost", "Coût de réparation", "What the repair cost.", low=0.0),
        recorded(),
    ),
)
