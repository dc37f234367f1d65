"""Actions and their results: offers, draws, contacts, outcomes, touchpoints, the calendar, costs."""

from __future__ import annotations

from relkit.contracts import Contract, Disagreement
from relkit.tables.declared.columns import (
    NEEDED,
    after,
    choice,
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
    valid_to,
    whole,
)
from relkit.texts import Text

OFFERS = Contract(
    name="offers",
    key=("offer_id",),
    label=Text("Offers", "Offres"),
    meaning="Coupons, gifts, discounts that an action may carry.",
    rules=(after("starts_on", "ends_on"),),
    columns=(
        text("offer_id", "Offer", "Offre", "The offer.", **NEEDED),
        text("name", "Name", "Nom", "Name of the offer."),
        text("funder", "Funder", "Financeur", "Who pays for it: own, supplier, shared."),
        money("unit_cost", "Unit cost", "Coût unitaire", "Cost of one use to the company.", low=0.0),
        day("starts_on", "Starts on", "Débute le", "First day on which it can be used."),
        day("ends_on", "Ends on", "Se termine le", "Last day on which it can be used.", null_means="no end"),
        text("product_id", "Product", "Produit", "Product to which it is limited.", null_means="no limit to one product"),
        text("category", "Category", "Catégorie", "Category to which it is limited.", null_means="no limit to one category"),
    ),
)

ASSIGNMENTS = Contract(
    name="assignments",
    key=("unit_id", "customer_id", "wave_id", "action_id", "arm"),
    label=Text("Assignments", "Tirages"),
    meaning="Who was drawn into what, contacted or not: the only source of the word control.",
    notes=(
        "A wave is one draw. A treated unit has one row, that of its action. A control has one row for each action of the wave that "
        "it is a control for, so one control serves several actions.\n\n"
        "`propensity` is the probability of the row's own action, in treated and control rows alike; that of control is one minus the "
        "sum over the actions of the wave. Each action is compared with the controls alone, at e = p / (p + p0), p being its "
        "probability and p0 that of control: three arms at 1/3 each weigh 1/2. p0 follows from the rows of the controls; a treated "
        "unit takes it from the controls with the same p. With a single action e = p.\n\n"
        "A unit may be a customer, or a household, a store or another group: then each of its customers has a row, and errors are "
        "clustered by unit. A unit in several arms of one wave is left out of measurement, and counted.\n\n"
        "Customers who were eligible and not contacted without a draw are a comparison, never a control."
    ),
    references=(("customer_id", "customers"),),
    rules=(dated("drawn_at"),),
    disagreement=Disagreement(
        columns=("arm",),
        rule="arm: the other arm of the same wave",
        remedy="Kept: the unit is in no comparison, and counted; see how it came to be drawn twice.",
        meaning=Text(
            "with a unit in the other arm of the same wave than an earlier one; these units are in no comparison",
            "avec une unité tirée aussi dans l’autre groupe de la même vague ; ces unités n’entrent dans aucune comparaison",
        ),
    ),
    columns=(
        text("unit_id", "Unit", "Unité tirée", "What was drawn: a customer, household or store.", personal_data="pseudonym", **NEEDED),
        text("wave_id", "Wave", "Vague", "Wave of the campaign.", **NEEDED),
        text("action_id", "Action", "Action", "Action that was drawn for.", **NEEDED),
        customer("The customer concerned.", **NEEDED),
        text("programme_id", "Programme", "Programme", "Programme that drew."),
        choice("arm", ("treated", "control"), "Arm", "Groupe", "What the draw decided.", **NEEDED),
        number(
            "propensity",
            "Propensity",
            "Probabilité de tirage",
            "Probability, at the draw, of the row's own action: of being treated with it.",
            unit="share",
            low=0.0,
            high=1.0,
            **NEEDED,
        ),
        day("eligible_on", "Eligible on", "Éligible le", "Day as of which eligibility was judged."),
        flag(
            "selected_if_treated",
            "Selected if treated",
            "Retenu si traité",
            "Whether the unit would have been contacted had it been drawn treated.",
        ),
        instant("drawn_at", "Drawn at", "Tiré le", "When it was drawn.", **NEEDED),
        text("salt", "Salt", "Sel", "Text that makes the draw repeatable."),
    ),
)

CONTACTS = Contract(
    name="contacts",
    key=("contact_id",),
    label=Text("Contacts", "Contacts"),
    meaning="Contacts that took place, never a control.",
    references=(("customer_id", "customers"), ("offer_id", "offers")),
    rules=(dated("sent_at"),),
    columns=(
        text("contact_id", "Contact", "Contact", "The contact.", **NEEDED),
        customer("The customer contacted, or who made contact.", **NEEDED),
        text("channel_id", "Channel", "Canal", "Channel: email, sms, phone, post, app, store.", **NEEDED),
        instant("sent_at", "Sent at", "Envoyé le", "When it was sent or took place.", **NEEDED),
        text("action_id", "Action", "Action", "Action that it carried out.", null_means="outside any action"),
        text("wave_id", "Wave", "Vague", "Wave of the campaign.", null_means="no wave"),
        text("offer_id", "Offer", "Offre", "Offer that it carried.", null_means="none"),
        choice("class", ("marketing", "commitment", "service"), "Class", "Classe", "What kind of contact it is.", null_means="marketing"),
        choice(
            "direction",
            ("outbound", "inbound"),
            "Direction",
            "Sens",
            "Who began it: the company (outbound) or the customer.",
            null_means="outbound",
        ),
        text("source_function", "Function", "Fonction", "Part of the company that made the contact: marketing, sales, care."),
        money("cost", "Cost", "Coût", "Cost of the contact.", low=0.0, null_means="see costs"),
        entity(),
        recorded(),
    ),
)

OUTCOMES = (
    "delivered",
    "bounced",
    "opened",
    "clicked",
    "replied",
    "reached",
    "no_answer",
    "wrong_number",
    "refused",
    "callback",
    "appointment",
    "redeemed",
    "converted",
    "unsubscribed",
    "complained",
    "none",
)
"""Possible outcomes of a contact."""

CONTACT_OUTCOMES = Contract(
    name="outcomes",
    key=("contact_id", "outcome", "occurred_at", "offer_id"),  # two coupons of one mailing are often redeemed together
    label=Text("Outcomes", "Issues de contact"),
    meaning="What came of a contact, one row each.",
    references=(("contact_id", "contacts"), ("offer_id", "offers")),
    rules=(dated("occurred_at"),),
    columns=(
        text("contact_id", "Contact", "Contact", "The contact.", **NEEDED),
        choice("outcome", OUTCOMES, "Outcome", "Issue", "What happened.", **NEEDED),
        instant("occurred_at", "Occurred at", "Survenu le", "When it happened.", **NEEDED),
        whole("attempt_no", "Attempt", "Tentative", "Number of the attempt, 1 for the first.", low=1, null_means="first"),
        text("offer_id", "Offer", "Offre", "Offer redeemed.", null_means="none"),
        money("value", "Value", "Valeur", "Amount that the outcome brought."),
        flag("is_automated", "Automated", "Automatique", "Whether a machine caused it (mail scanners open and click).", null_means="no"),
        recorded(),
    ),
)

TOUCHPOINTS = Contract(
    name="touchpoints",
    key=("touchpoint_id",),
    label=Text("Touchpoints", "Points de contact"),
    meaning="Steps of journeys: what a known or anonymous person saw, visited, called.",
    references=(("customer_id", "customers"),),
    one_of=(("customer_id", "anonymous_id"),),
    rules=(dated("occurred_at"),),
    columns=(
        text("touchpoint_id", "Touchpoint", "Point de contact", "The touchpoint.", **NEEDED),
        customer("The customer, where known.", null_means="anonymous"),
        text(
            "anonymous_id",
            "Anonymous id",
            "Identifiant anonyme",
            "Cookie or device, where the customer is not known.",
            personal_data="pseudonym",
        ),
        instant("occurred_at", "Occurred at", "Date et heure", "When it took place.", **NEEDED),
        text("channel_id", "Channel", "Canal", "Channel: search, display, email, store.", **NEEDED),
        choice(
            "kind",
            ("impression", "click", "visit", "app", "store", "call", "social"),
            "Kind",
            "Nature",
            "What kind of touch it is.",
            null_means="not known",
        ),
        text("campaign_id", "Campaign", "Campagne", "Campaign that brought it.", null_means="none"),
        text("step", "Step", "Étape", "Step of the journey in the source's words."),
        text("item", "Item", "Élément", "Page, product or content seen."),
        number("duration_s", "Duration", "Durée", "How long it lasted.", unit="seconds", low=0.0, likely_high=86_400.0),
        money("cost", "Cost", "Coût", "Cost of the touch.", low=0.0),
        text("text", "Text", "Texte", "Words of the customer.", personal_data="sensitive"),
        recorded(),
    ),
)

PATHS = Contract(
    name="paths",
    key=("path_id",),
    label=Text("Paths", "Parcours"),
    meaning="Journeys that come grouped by their channels, as other tools export them.",
    notes=(
        "A row is a path and the journeys that took it. Rows of one path are added up: without a `path_id` no two of them are the same. "
        "`value` is that of all conversions of the row; what stands on a row without a conversion is reported, and credited to no channel. "
        "An empty path holds conversions that no touch preceded. Where the source marks each path as converted or not, and counts its "
        "journeys, a mapping writes `conversions: case when converted then occurrences else 0 end`, and the other way round for `nulls`."
    ),
    columns=(
        text("path_id", "Path id", "Identifiant du parcours", "The row.", null_means="none in the source"),
        text(
            "path",
            "Path",
            "Parcours",
            "Channels in order of time, the first one first, as in search > email > search.",
            required=True,
            null_means="no touch",
        ),
        number("conversions", "Conversions", "Conversions", "Journeys that ended in a conversion.", low=0.0, **NEEDED),
        number("nulls", "Nulls", "Sans conversion", "Journeys that ended without one.", low=0.0, null_means="none"),
        money("value", "Value", "Valeur", "Value of all conversions of the row.", null_means="none"),
        text("separator", "Separator", "Séparateur", "Sign between the channels of the path.", null_means=">"),
        text("segment", "Segment", "Segment", "Group of customers that has credit of its own."),
        day("period", "Period", "Période", "First day of the period in which the journeys ended."),
    ),
)

LIFT_TESTS = Contract(
    name="lift_tests",
    key=("lift_test_id",),
    label=Text("Lift tests", "Tests d’incrémentalité"),
    meaning="Results of experiments on channels: conversions that a channel caused in some days, measured by withholding it by lot.",
    notes=(
        "`incremental_conversions` is the number that the channel caused among all whom it reached in these days, not only in the groups "
        "drawn: a result measured on half of the people is to be doubled first. `low` and `high` bound it at `level`."
    ),
    rules=(after("starts_on", "ends_on"), after("low", "high")),
    columns=(
        text("lift_test_id", "Lift test", "Test d’incrémentalité", "The experiment.", **NEEDED),
        text("channel_id", "Channel", "Canal", "Channel that was withheld.", **NEEDED),
        day("starts_on", "Starts on", "Débute le", "First day of the experiment.", **NEEDED),
        day("ends_on", "Ends on", "Se termine le", "Last day of the experiment.", **NEEDED),
        number(
            "incremental_conversions",
            "Incremental conversions",
            "Conversions incrémentales",
            "Conversions that the channel caused in these days; negative if it prevented some.",
            unit="conversions",
            **NEEDED,
        ),
        number("low", "Lower bound", "Borne inférieure", "Lower bound of the conversions caused.", unit="conversions", **NEEDED),
        number("high", "Upper bound", "Borne supérieure", "Upper bound of the conversions caused.", unit="conversions", **NEEDED),
        number(
            "level",
            "Level",
            "Niveau de confiance",
            "Confidence level of the bounds.",
            unit="share",
            low=0.5,
            high=0.9999,
            null_means="0.95",
        ),
        money(
            "incremental_value", "Incremental value", "Valeur incrémentale", "Value of the conversions caused.", null_means="not measured"
        ),
        whole("treated", "Treated", "Traités", "People drawn to be reached.", low=0, null_means="not known"),
        whole("control", "Control", "Témoins", "People drawn from whom the channel was withheld.", low=0, null_means="not known"),
        text("method", "Method", "Méthode", "Design: holdout of people, of regions, of days."),
        text("source", "Source", "Source", "Who measured it."),
        recorded(null_means="known when the experiment ends"),
    ),
)

CALENDAR = Contract(
    name="calendar",
    key=("kind", "starts_on", "scope"),
    label=Text("Calendar", "Calendrier"),
    meaning="What moves sales without being an action: promotions, sales seasons, holidays, price changes, stock-outs, closures.",
    rules=(after("starts_on", "ends_on"),),
    columns=(
        text(
            "kind", "Kind", "Nature", "promotion, sales_season, holiday, price_change, stock_out, closure, or the company's own.", **NEEDED
        ),
        day("starts_on", "Starts on", "Débute le", "First day.", **NEEDED),
        text("scope", "Scope", "Périmètre", "Store, region, category or product concerned.", null_means="everything"),
        day("ends_on", "Ends on", "Se termine le", "Last day.", null_means="one day"),
        text("label", "Label", "Libellé", "Name of the event."),
        recorded(null_means="declared beforehand"),
    ),
)

COSTS = Contract(
    name="costs",
    key=("cost_id",),
    label=Text("Costs", "Coûts"),
    meaning="What a channel, action or service costs, to six decimals.",
    rules=(after("valid_from", "valid_to"),),
    columns=(
        text("cost_id", "Cost", "Coût", "The cost.", **NEEDED),
        choice("scope", ("channel", "action", "service", "acquisition"), "Scope", "Périmètre", "What kind of thing costs.", **NEEDED),
        text("scope_id", "Scope id", "Identifiant du périmètre", "The channel, action or service.", null_means="all of that kind"),
        choice("per", ("unit", "contact", "minute", "month"), "Per", "Par", "What the amount is for.", **NEEDED),
        money("amount", "Amount", "Montant", "Cost of one.", low=0.0, **NEEDED),
        valid_from("the cost"),
        valid_to("the cost"),
    ),
)
