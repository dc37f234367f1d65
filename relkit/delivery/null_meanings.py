"""What an empty cell means, and what codes mean, in English and French, for the columns that share the words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relkit.file_column import Both

NO_ORDER: Both = ("has never ordered, or no purchases were given", "n'a jamais commandé, ou achats non fournis")
NO_MARGIN: Both = (
    "no margin ahead (see the quality of the scores), or past margin unknown",
    "pas de marge attendue (voir la qualité des scores), ou marge passée inconnue",
)
NO_RANK: Both = (
    "no total margin, profiling refused, or protected from any contact",
    "pas de marge totale, profilage refusé, ou client protégé de tout contact",
)
NO_FUTURE: Both = (
    "not scored, or a part of it has an unknown margin: see the quality of the scores",
    "sans score, ou marge inconnue pour une part : voir la qualité des scores",
)
NO_BOUND: Both = (
    "no expected margin, or a model that does not say how sure it is",
    "pas de marge attendue, ou un modèle qui ne dit pas sa précision",
)
NO_CONTRACT: Both = (
    "no running contract, or not scored: see the quality of the scores",
    "aucun contrat en cours, ou sans score : voir la qualité des scores",
)
NO_CONTRACT_MARGIN: Both = (
    "no running contract, one of unknown margin, or not scored: see the quality of the scores",
    "aucun contrat en cours, contrat de marge inconnue, ou sans score : voir la qualité des scores",
)
NO_CALL: Both = (
    "not to be called: no running contract, may not be phoned, calling would not pay, the budget is spent, or no offer was declared",
    "à ne pas appeler : aucun contrat en cours, téléphone non permis, appel non rentable, budget épuisé, ou aucune offre déclarée",
)
NO_CONSENTS: Both = (
    "no consents are known, and nothing else forbids it",
    "aucun consentement connu, et rien d'autre ne l'interdit",
)
NO_PURCHASE: Both = (
    "never bought, or not scored: see the quality of the scores",
    "aucun achat, ou sans score : voir la qualité des scores",
)
NO_P_ALIVE: Both = (
    "too early to tell, never bought, under contract, or not scored: see the quality of the scores",
    "trop tôt pour le dire, aucun achat, sous contrat, ou sans score : voir la qualité des scores",
)
NO_REASON: Both = (
    "nothing raises it by a twentieth, no running contract, a model that does not tell, or not scored: see the quality of the scores",
    "rien ne l'élève d'un vingtième, aucun contrat en cours, modèle qui ne le dit pas, ou sans score : voir la qualité des scores",
)
NO_RFM: Both = (
    "has never ordered, profiling refused, protected from any contact, or no purchases were given",
    "n'a jamais commandé, profilage refusé, client protégé de tout contact, ou achats non fournis",
)
NO_SEGMENT: Both = ("neither a margin nor revenue ahead was computed", "ni marge ni chiffre d'affaires attendus n'ont été calculés")
UNKNOWN: Both = ("not known, or the table behind it was not given", "non connu, ou table correspondante non fournie")
NO_ANSWER: Both = ("never answered", "n'a jamais répondu")
NOT_CONTACTABLE = (
    ("protected", "protected", "personne protégée"),
    ("unreachable", "agreed, but out of reach", "accord donné, mais injoignable"),
    ("consent_expired", "consent expired", "accord expiré"),
    ("consent_refused", "consent refused or withdrawn", "refus ou retrait"),
    ("consent_unknown", "never said", "jamais exprimé"),
    ("consents_absent", "no consents known", "aucun consentement connu"),
)
CONSENTS = (
    ("granted", "agrees", "accord"),
    ("refused", "refuses or withdrew", "refus ou retrait"),
    ("unknown", "never said", "jamais exprimé"),
    ("expired", "agreed, no longer valid", "accord expiré"),
)
