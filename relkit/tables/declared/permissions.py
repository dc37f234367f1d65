"""Permissions to contact: consents and protective exclusions."""

from __future__ import annotations

from relkit.contracts import Contract, Disagreement
from relkit.tables.declared.columns import NEEDED, after, choice, customer, dated, entity, flag, instant, recorded, text, valid_to
from relkit.texts import Text

CONSENTS = Contract(
    name="consents",
    key=("customer_id", "identifier", "purpose", "channel_id", "changed_at", "status", "valid_to"),  # the stricter of two answers applies
    label=Text("Consents", "Consentements"),
    meaning="What a customer, or the holder of an identifier, allowed and refused, change by change.",
    references=(("customer_id", "customers"),),
    one_of=(("customer_id", "identifier"),),
    disagreement=Disagreement(
        columns=("status", "valid_to"),
        rule="status: another answer at the same instant",
        remedy="Kept: the more restrictive answer holds, whatever the order of the rows.",
        meaning=Text(
            "with another answer at the same instant as an earlier one; the more restrictive answer holds",
            "avec une autre réponse au même instant qu’une précédente ; la plus restrictive s’applique",
        ),
    ),
    rules=(dated("changed_at"),),
    columns=(
        customer("The customer, where known.", null_means="known by identifier only"),
        text(
            "identifier",
            "Identifier",
            "Identifiant",
            "Address or number to which the consent belongs.",
            personal_data="personal",
            null_means="the customer's consent",
        ),
        text(
            "purpose", "Purpose", "Finalité", "What it is for: marketing, profiling (whose refusal blanks the scores), partners.", **NEEDED
        ),
        text("channel_id", "Channel", "Canal", "Channel: email, sms, phone, post.", null_means="all channels"),
        instant("changed_at", "Changed at", "Modifié le", "When it was given or taken back.", **NEEDED),
        choice("status", ("granted", "refused", "withdrawn", "expired"), "Status", "Statut", "What holds since then.", **NEEDED),
        text("legal_basis", "Legal basis", "Base légale", "Ground in law: consent, contract, legitimate interest."),
        text("capture_source", "Captured by", "Recueilli par", "Form, call or store where it was given."),
        text("wording_version", "Wording", "Version du texte", "Version of the wording that was shown."),
        flag("is_double_opt_in", "Double opt-in", "Double opt-in", "Whether it was confirmed from the address itself.", null_means="no"),
        text("proof_ref", "Proof", "Preuve", "Where the proof is kept."),
        valid_to("the consent"),
        entity(),
        recorded(),
    ),
)

SUPPRESSIONS = Contract(
    name="suppressions",
    key=("customer_id", "reason", "starts_at", "scope", "ends_at"),  # one decision may cover two channels, a row each
    label=Text("Suppressions", "Exclusions protectrices"),
    meaning="Protective exclusions that no action overrides.",
    references=(("customer_id", "customers"),),
    rules=(after("starts_at", "ends_at"),),
    disagreement=Disagreement(
        columns=("ends_at",),
        rule="ends_at: another end of the same exclusion",
        remedy="Kept: the exclusion that lasts longest holds, whatever the order of the rows.",
        meaning=Text(
            "with another end of the same exclusion than an earlier one; the exclusion that lasts longest holds",
            "avec une autre fin de la même exclusion qu’une précédente ; l’exclusion la plus longue s’applique",
        ),
    ),
    columns=(
        customer("The customer.", **NEEDED),
        text(
            "reason",
            "Reason",
            "Motif",
            "Why: over_indebted, guardianship, minor, deceased, staff, litigation, or the company's own.",
            personal_data="sensitive",
            **NEEDED,
        ),
        instant("starts_at", "Starts at", "Débute le", "When the exclusion begins.", **NEEDED),
        instant("ends_at", "Ends at", "Se termine le", "When it ends.", null_means="until further notice"),
        text(
            "scope",
            "Scope",
            "Périmètre",
            "What is excluded: all, or a channel, class or entity; anything else counts as all.",
            null_means="all",
        ),
    ),
)
