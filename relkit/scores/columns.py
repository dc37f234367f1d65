"""Columns of a delivered file derived in this room from the scores of models, by the module that derives them."""

from __future__ import annotations

from typing import Literal

import polars as pl

from relkit.file_column import FileColumn
from relkit.models.lifetime_value.columns import NO_PURCHASE
from relkit.models.survival.columns import NO_CONTRACT
from relkit.scores.rfm import LABELS
from relkit.scores.value_activity import SEGMENTS
from relkit.texts import EMPTY, Text

_NO_FUTURE = Text(
    "not scored, or a part of it has an unknown margin: see the quality of the scores",
    "sans score, ou marge inconnue pour une part : voir la qualité des scores",
)
_NO_BOUND = Text(
    "no expected margin, or a model that does not say how sure it is", "pas de marge attendue, ou un modèle qui ne dit pas sa précision"
)
NO_CONTRACT_MARGIN = Text(
    "no running contract, one of unknown margin, or not scored: see the quality of the scores",
    "aucun contrat en cours, contrat de marge inconnue, ou sans score : voir la qualité des scores",
)
_NO_CALL = Text(
    "not to be called: no running contract, may not be phoned, calling would not pay, the budget is spent, or no offer was declared",
    "à ne pas appeler : aucun contrat en cours, téléphone non permis, appel non rentable, budget épuisé, ou aucune offre déclarée",
)
_NO_REASON = Text(
    "nothing raises it by a twentieth, no running contract, a model that does not tell, or not scored: see the quality of the scores",
    "rien ne l'élève d'un vingtième, aucun contrat en cours, modèle qui ne le dit pas, ou sans score : voir la qualité des scores",
)
_NO_RFM = Text(
    "has never ordered, profiling refused, protected from any contact, or no purchases were given",
    "n'a jamais commandé, profilage refusé, client protégé de tout contact, ou achats non fournis",
)
_AHEAD = Text(
    "Margin expected {when}, each amount discounted from its own day: of purchases (expected orders, by the value of an order, less "
    "what comes back, by the margin rate) and of running contracts (margin a month, for as long as they should run). "
    "Who has both has the sum.",
    "Marge attendue {when}, chaque montant actualisé à partir de son jour : celle des achats (commandes attendues, par la valeur d'une "
    "commande, moins ce qui revient, par le taux de marge) et celle des contrats en cours (marge mensuelle, tant qu'ils devraient "
    "durer). Qui a les deux a la somme.",
)
_LOWER = Text("Lower bound of the expected margin (95 %). {of}", "Borne basse de la marge attendue (95 %). {of}")
_UPPER = Text("Upper bound of the expected margin (95 %). {of}", "Borne haute de la marge attendue (95 %). {of}")
_OF_EXPECTED = Text(
    "It tells how sure the model is of the expectation; what one customer does scatters far more.",
    "Elle dit la précision de l'espérance ; ce que fera un client donné varie bien davantage.",
)


def _margin_ahead(score: str, span: Text, when: Text) -> tuple[FileColumn, ...]:
    """Return the columns of a margin ahead and of its bounds."""

    def column(bound: Literal["value", "lower", "upper"], end: str, side: Text, meaning: Text) -> FileColumn:
        return FileColumn(
            name=f"{score}_{{cur}}{end}",
            dtype=pl.Float64,
            label=Text(f"Expected margin, {span['en']}{side['en']} ({{CUR}})", f"Marge attendue {span['fr']}{side['fr']} ({{CUR}})"),
            meaning=meaning,
            null_means=_NO_FUTURE if bound == "value" else _NO_BOUND,
            kind="score",
            score=score,
            bound=bound,
            unit="{CUR}",
            decimals=2,
        )

    return (
        column("value", "", EMPTY, _AHEAD.filled(when=when)),
        column("lower", "_low", Text(", low", ", borne basse"), _LOWER.filled(of=_OF_EXPECTED)),
        column("upper", "_high", Text(", high", ", borne haute"), _UPPER.filled(of=_OF_EXPECTED)),
    )


MARGIN_COLUMNS: tuple[FileColumn, ...] = (
    *_margin_ahead(
        "future_margin_{h}m",
        Text("next {h} months", "sur {h} mois"),
        Text("in the {h} months after the as-of date", "dans les {h} mois qui suivent la date de situation"),
    ),
    *_margin_ahead(
        "future_margin_endless",
        Text("without end", "sans terme"),
        Text("in all the time after the as-of date", "dans tout le temps qui suit la date de situation"),
    ),
    FileColumn(
        name="contract_residual_value_{h}m_{cur}",
        dtype=pl.Float64,
        label=Text("Residual value of contracts, next {h} months ({CUR})", "Valeur résiduelle des contrats sur {h} mois ({CUR})"),
        meaning=Text(
            "Margin expected of the running contracts in the {h} months after the as-of date, discounted: part of the expected margin.",
            "Marge attendue des contrats en cours sur les {h} mois suivant la date de situation, actualisée : part de la marge attendue.",
        ),
        null_means=NO_CONTRACT_MARGIN,
        kind="score",
        score="contract_residual_value_{h}m",
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(
        name="contract_residual_value_endless_{cur}",
        dtype=pl.Float64,
        label=Text("Residual value of contracts, without end ({CUR})", "Valeur résiduelle des contrats, sans terme ({CUR})"),
        meaning=Text(
            "Margin expected of the running contracts in all the time after the as-of date, discounted.",
            "Marge attendue des contrats en cours dans tout le temps qui suit la date de situation, actualisée.",
        ),
        null_means=NO_CONTRACT_MARGIN,
        kind="score",
        score="contract_residual_value_endless",
        unit="{CUR}",
        decimals=2,
    ),
)
"""Columns from `relkit.scores.expected_margin`."""

REMAINING_LIFE_COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(
        name="expected_remaining_months_{h}m",
        dtype=pl.Float64,
        label=Text("Months the contract should run yet, of {h}", "Mois de contrat encore attendus, sur {h}"),
        meaning=Text(
            "Of the {h} months after the as-of date, those that the active contract is expected to run.",
            "Parmi les {h} mois qui suivent la date de situation, ceux pendant lesquels le contrat devrait encore courir.",
        ),
        null_means=NO_CONTRACT,
        kind="score",
        score="expected_remaining_months_{h}m",
        unit="months",
        low=0,
        decimals=2,
    ),
    FileColumn(
        name="expected_remaining_months_endless",
        dtype=pl.Float64,
        label=Text("Months the contract should run yet, without end", "Mois de contrat encore attendus, sans terme"),
        meaning=Text(
            "Months that the active contract is expected to run yet, past the ages that any has reached by the model's rule for them.",
            "Mois pendant lesquels le contrat devrait encore courir ; au-delà des anciennetés connues, selon la règle du modèle.",
        ),
        null_means=NO_CONTRACT,
        kind="score",
        score="expected_remaining_months_endless",
        unit="months",
        low=0,
        decimals=2,
    ),
)
"""Columns from `relkit.scores.remaining_life`."""

REASON_COLUMNS: tuple[FileColumn, ...] = tuple(
    FileColumn(
        name=f"churn_reason_{k}",
        dtype=pl.String,
        label=Text(f"Reason for the risk, {k}", f"Motif du risque, {k}"),
        meaning=Text(
            "What raises the risk of ending most compared with the mean customer, 1 first; a sign, not a proof of cause.",
            "Ce qui élève le plus le risque de résiliation par rapport au client moyen, 1 d'abord ; un indice, non une cause prouvée.",
        ),
        null_means=_NO_REASON,
        kind="delivery",
        score="churn_probability_{h}d",
    )
    for k in (1, 2, 3)
)
"""Columns from `relkit.scores.reasons`; the codes are those of the delivery's dictionary."""

OFFER_COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(
        name="retention_call_rank",
        dtype=pl.Int32,
        label=Text("Retention call, rank (1 = first)", "Appel de fidélisation, rang (1 = premier)"),
        meaning=Text(
            "Whom to call first with the declared offer, of those who may be phoned: by expected profit; in a budget, by profit over cost.",
            "Qui appeler d'abord avec l'offre déclarée, parmi les clients joignables : par profit ; sous budget, par profit sur coût.",
        ),
        null_means=_NO_CALL,
        kind="score",
        score="retention_call_rank",
        low=1,
        beside="retention_offer_profit",
    ),
    FileColumn(
        name="retention_offer_profit_{cur}",
        dtype=pl.Float64,
        label=Text("Expected profit of the retention offer ({CUR})", "Profit attendu de l'offre de fidélisation ({CUR})"),
        meaning=Text(
            "Expected value of the declared offer less its expected cost, if this customer is called.",
            "Valeur attendue de l'offre déclarée moins son coût attendu, si ce client est appelé.",
        ),
        null_means=NO_CONTRACT_MARGIN,
        kind="score",
        score="retention_offer_profit",
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(
        name="retention_offer_value_{cur}",
        dtype=pl.Float64,
        label=Text("Expected value of the retention offer ({CUR})", "Valeur attendue de l'offre de fidélisation ({CUR})"),
        meaning=Text(
            "Margin kept by the ends that the declared offer should avert: its uplift in retention, times what the contract brings then.",
            "Marge conservée par les fins que l'offre déclarée devrait éviter : gain de fidélité, par ce que le contrat rapporte alors.",
        ),
        null_means=NO_CONTRACT_MARGIN,
        kind="score",
        score="retention_offer_value",
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(
        name="retention_offer_cost_{cur}",
        dtype=pl.Float64,
        label=Text("Expected cost of the retention offer ({CUR})", "Coût attendu de l'offre de fidélisation ({CUR})"),
        meaning=Text(
            "Cost of calling this customer, and of the offer where it should be taken.",
            "Coût de l'appel de ce client, et de l'offre dans la mesure où il devrait la prendre.",
        ),
        null_means=NO_CONTRACT_MARGIN,
        kind="score",
        score="retention_offer_cost",
        unit="{CUR}",
        low=0,
        decimals=2,
    ),
)
"""Columns from `relkit.scores.retention_offer`."""

RETURNS_COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(
        name="expected_return_share",
        dtype=pl.Float64,
        label=Text("Expected share of returns", "Part de retours attendue"),
        meaning=Text(
            "Share of the customer's coming sales expected to be sent back or cancelled later, from the customer's own past, "
            "weighed with that of all customers. The margin of coming orders is their value, less this share, times the "
            "margin rate.",
            "Part des ventes à venir du client qui devrait être retournée ou annulée plus tard, d'après son propre passé, "
            "pondéré par celui de tous les clients. La marge des commandes à venir est leur montant, moins cette part, par le"
            " taux de marge.",
        ),
        null_means=NO_PURCHASE,
        kind="score",
        score="expected_return_share",
        unit="share",
        low=0,
        high=1,
        decimals=4,
    ),
    FileColumn(
        name="returns_to_come_{cur}",
        dtype=pl.Float64,
        label=Text("Returns still to come ({CUR})", "Retours encore à venir ({CUR})"),
        meaning=Text(
            "Amount expected to come back of sales already made; at the margin rate it is taken off the expected margin.",
            "Montant qui devrait encore revenir des ventes déjà faites ; au taux de marge, il est déduit de la marge attendue.",
        ),
        null_means=NO_PURCHASE,
        kind="score",
        score="returns_to_come",
        unit="{CUR}",
        low=0,
        decimals=2,
    ),
)
"""Columns from `relkit.scores.returns_used`."""

SEGMENT_COLUMN = FileColumn(
    name="segment_value_activity",
    dtype=pl.String,
    label=Text("Segment: value and activity", "Segment : valeur et activité"),
    meaning=Text(
        "Value by past and expected margin together (revenue where no margin is known): best = first fifth, middle = next 30 %, "
        "rest = other half. Activity by the probability of still buying: active from 70 %, probably gone below 30 %, uncertain "
        "in between; too early where the model cannot tell; under contract whatever the purchases.",
        "Valeur selon la marge passée et attendue (à défaut de marge, le chiffre d'affaires) : meilleurs = premier cinquième, "
        "moyens = 30 % suivants, autres = seconde moitié. Activité selon la probabilité d'être encore acheteur : actifs dès 70 %, "
        "sans doute perdus sous 30 %, incertains entre les deux ; trop tôt quand le modèle ne peut le dire ; sous contrat quels "
        "que soient les achats.",
    ),
    null_means=Text("neither a margin nor revenue ahead was computed", "ni marge ni chiffre d'affaires attendus n'ont été calculés"),
    kind="delivery",
    follow=True,
    codes=SEGMENTS,
)
"""Columns from `relkit.scores.value_activity`."""


def _fifths(name: str, label: Text, meaning: Text) -> FileColumn:
    """Return the column of one of the three scores from 1 to 5."""
    return FileColumn(
        name=f"rfm_{name}",
        dtype=pl.Int8,
        label=Text("RFM: {what} (5 = best)", "RFM : {what} (5 = meilleur)").filled(what=label),
        meaning=Text(
            "{what} One more than the number of fifths of the buyers who are strictly worse: equal values, equal scores.",
            "{what} Un de plus que le nombre de cinquièmes d'acheteurs strictement moins bons : à valeur égale, note égale.",
        ).filled(what=meaning),
        null_means=_NO_RFM,
        kind="delivery",
        low=1,
        high=5,
    )


RFM_COLUMNS: tuple[FileColumn, ...] = (
    _fifths("recency", Text("recency", "récence"), Text("Days since the last order.", "Jours depuis la dernière commande.")),
    _fifths("frequency", Text("frequency", "fréquence"), Text("Days with an order so far.", "Jours de commande à ce jour.")),
    _fifths("monetary", Text("monetary value", "montant"), Text("Net revenue so far.", "Chiffre d'affaires net à ce jour.")),
    FileColumn(
        name="rfm_label",
        dtype=pl.String,
        label=Text("RFM: group", "RFM : groupe"),
        meaning=Text("Usual name of the pair of recency and frequency.", "Nom usuel du couple récence et fréquence."),
        null_means=_NO_RFM,
        kind="delivery",
        codes=LABELS,
    ),
)
"""Columns from `relkit.scores.rfm`."""

DERIVED: tuple[FileColumn, ...] = (
    *MARGIN_COLUMNS,
    *REMAINING_LIFE_COLUMNS,
    *REASON_COLUMNS,
    *OFFER_COLUMNS,
    *RETURNS_COLUMNS,
    SEGMENT_COLUMN,
    *RFM_COLUMNS,
)
"""All columns derived from scores that no model gives directly."""
