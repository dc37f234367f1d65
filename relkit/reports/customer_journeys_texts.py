"""Texts of the page on customer journeys, and names of moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.file_column import channel_in_words
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = {
    "impression": Text("impression", "affichage"),
    "click": Text("click", "clic"),
    "visit": Text("visit", "visite"),
    "store": Text("store visit", "visite en magasin"),
    "call": Text("call", "appel"),
    "social": Text("social network", "réseau social"),
    "contact": Text("company contact", "sollicitation"),
    "inbound contact": Text("contact by the customer", "contact du client"),
    "purchase": Text("purchase", "achat"),
    "unknown": Text("touch of unknown kind", "contact de nature inconnue"),
    "nothing": Text("nothing", "rien"),
}
OUTCOMES = {
    "delivered": Text("delivered", "remis"),
    "bounced": Text("bounced", "rejeté"),
    "opened": Text("opened", "ouvert"),
    "clicked": Text("clicked", "cliqué"),
    "replied": Text("replied", "réponse"),
    "reached": Text("reached", "joint"),
    "no_answer": Text("no answer", "sans réponse"),
    "wrong_number": Text("wrong number", "faux numéro"),
    "refused": Text("refused", "refus"),
    "callback": Text("wants a callback", "à rappeler"),
    "appointment": Text("appointment", "rendez-vous"),
    "unsubscribed": Text("unsubscribed", "désabonné"),
    "complained": Text("complained", "plainte"),
}
LOSSES = {
    "complaint": Text("Complaint", "Réclamation"),
    "unsubscribed": Text("Unsubscription", "Désabonnement"),
    "contract_ended": Text("Contract ended by the customer", "Contrat résilié par le client"),
    "silence": Text("Long silence", "Long silence"),
}
TEXTS: dict[str, Text] = {
    "nobody": Text(
        "No touch precedes a conversion, and no journey is under way: there is nothing to show.",
        "Aucun contact ne précède une conversion et aucun parcours n’est en cours : il n’y a rien à montrer.",
    ),
    "few": Text(
        "Fewer than {smallest} journeys had a touch: too few to show.",
        "Moins de {smallest} parcours comptent un contact : trop peu pour être montrés.",
    ),
    "converted_few": Text(
        "{journeys} journeys had a touch; fewer than {smallest} of them ended in a conversion.",
        "{journeys} parcours comptent au moins un contact ; moins de {smallest} ont abouti à une conversion.",
    ),
    "untouched_few": Text(
        "Fewer than {smallest} of the {conversions} conversions had no touch in the {days} days before.",
        "Moins de {smallest} des {conversions} conversions n’ont eu aucun contact dans les {days} jours précédents.",
    ),
    "converted": Text(
        "{journeys} journeys had a touch; {converted} of them ({share}) ended in a conversion.",
        "{journeys} parcours comptent au moins un contact ; {converted} d’entre eux ({share}) ont abouti à une conversion.",
    ),
    "untouched": Text(
        "{untouched} of the {conversions} conversions ({share}) had no touch in the {days} days before: no journey explains them.",
        "{untouched} des {conversions} conversions ({share}) n’ont eu aucun contact dans les {days} jours précédents : aucun parcours ne "
        "les explique.",
    ),
    "all_touched": Text(
        "Each of the {conversions} conversions had a touch in the {days} days before.",
        "Chacune des {conversions} conversions a eu un contact dans les {days} jours précédents.",
    ),
    "none_ended": Text(
        "Each of the {n} journeys without a conversion has a touch within the lookback: it may still go on, so where journeys end is not "
        "known yet.",
        "Chacun des {n} parcours sans conversion a un contact dans la fenêtre : il peut encore continuer, et l’on ne sait pas encore où "
        "les parcours s’arrêtent.",
    ),
    "lag": Text(
        "Half of the conversions come within {time} of the first touch and after {touches} touches or fewer; {same_day} take less than "
        "24 hours.",
        "La moitié des conversions arrivent en {time} au plus après le premier contact, et en {touches} contacts au plus ; {same_day} "
        "prennent moins de 24 heures.",
    ),
    "lag_one": Text(
        "Half of the conversions come within {time} of the first touch and after a single touch; {same_day} take less than 24 hours.",
        "La moitié des conversions arrivent en {time} au plus après le premier contact, et dès le premier contact ; {same_day} prennent "
        "moins de 24 heures.",
    ),
    "opener": Text(
        "{channel} prepares more than it closes: {assisted} conversions that it touched were closed by another channel, {closed} by "
        "itself.",
        "«\u00a0{channel}\u00a0» prépare plus qu’il ne conclut : {assisted} conversions qu’il a touchées ont été conclues par un autre "
        "canal, {closed} par lui-même.",
    ),
    "closer": Text(
        "{channel} closes the most: the last touch of {closed} conversions ({share}).",
        "«\u00a0{channel}\u00a0» conclut le plus : dernier contact de {closed} conversions ({share}).",
    ),
    "exits": Text(
        "Of the touches on {channel}, {rate} are the last of a journey without a conversion, against {all} of all touches.",
        "Parmi les contacts sur «\u00a0{channel}\u00a0», {rate} sont les derniers d’un parcours sans conversion, contre {all} de "
        "l’ensemble des contacts.",
    ),
    "k_journeys": Text("journeys with a touch", "parcours avec contact"),
    "k_rate": Text("of them ended in a conversion", "ont abouti à une conversion"),
    "k_time": Text("from the first touch to the conversion (median)", "du premier contact à la conversion (médiane)"),
    "time_days": Text("{n} days", "{n} jours"),
    "time_hours": Text("{n} hours", "{n} heures"),
    "time_minutes": Text("{n} minutes", "{n} minutes"),
    "k_touches": Text("touches up to the conversion (mean)", "contacts jusqu’à la conversion (moyenne)"),
    "c_roles": Text(
        "A conversion is closed by the channel of its last touch and assisted by the other channels in it, once each. A ratio over 1 "
        "marks a channel that prepares, under 1 one that closes. Neither shows what would be lost without the channel.",
        "Une conversion est conclue par le canal du dernier contact, et assistée par les autres canaux présents, une fois chacun. Un ratio "
        "supérieur à 1 signale un canal qui prépare, inférieur à 1 un canal qui conclut. Aucun ne dit ce que l’on perdrait sans ce canal.",
    ),
    "c_days": Text(
        "Counted from the first touch within the lookback of {days} days: earlier touches are not known to the journey.",
        "Compté depuis le premier contact dans la fenêtre de {days} jours : les contacts antérieurs sont hors du parcours.",
    ),
    "c_touches": Text("Touches of the journey, the last one included.", "Contacts du parcours, le dernier compris."),
    "c_forward": Text(
        "Of all journeys, the share at each channel at its first, second, third touch; the lower rows are the journeys without a further "
        "touch. Each column adds up to 100%.",
        "Parmi tous les parcours, la part sur chaque canal au premier, deuxième, troisième contact ; les lignes du bas sont les parcours "
        "sans contact suivant. Chaque colonne totalise 100\u00a0%.",
    ),
    "c_backward": Text(
        "Converted journeys only, read back from the conversion at the right.",
        "Parcours aboutis seulement, en remontant depuis la conversion, à droite.",
    ),
    "c_graph": Text(
        "From which channel to which. The steps shown are the most frequent; a ring is a touch followed by another on the same channel.",
        "De quel canal vers quel canal. Seuls les passages les plus fréquents sont dessinés ; un anneau est un contact suivi d’un autre "
        "sur le même canal.",
    ),
    "state_converted": Text("has converted", "a abouti"),
    "state_left": Text("no conversion", "sans conversion"),
    "state_not_begun": Text("not begun", "pas commencé"),
    "roles": Text("Conversions assisted and closed", "Conversions assistées et conclues"),
    "channel": Text("Channel", "Canal"),
    "journeys": Text("Journeys", "Parcours"),
    "conversions": Text("Conversions", "Conversions"),
    "opened": Text("Opened", "Ouvertes"),
    "closed": Text("Closed", "Conclues"),
    "assisted": Text("Assisted", "Assistées"),
    "ratio": Text("Assisted / closed", "Assistées / conclues"),
    "rate": Text("Journeys that convert", "Parcours aboutis"),
    "assisted_value": Text("Value assisted", "Valeur assistée"),
    "closed_value": Text("Value closed", "Valeur conclue"),
    "lags": Text("Time to conversion, by the channel of the first touch", "Délai de conversion, selon le canal du premier contact"),
    "all": Text("all", "tous"),
    "first_touch": Text("First touch", "Premier contact"),
    "q25": Text("A quarter within, days", "Un quart en, jours"),
    "q50": Text("Half within, days", "La moitié en, jours"),
    "q90": Text("Nine in ten within, days", "Neuf sur dix en, jours"),
    "touches50": Text("Touches, median", "Contacts, médiane"),
    "same_day": Text("Under 24 hours", "Moins de 24 heures"),
    "steps_table": Text(
        "Time between two touches, and from the last one to the conversion",
        "Temps entre deux contacts, et du dernier à la conversion",
    ),
    "from": Text("From", "De"),
    "to": Text("To", "Vers"),
    "times": Text("Times", "Fois"),
    "of_origin": Text("Of the touches of the first channel", "Des contacts du premier canal"),
    "median_days": Text("Median, days", "Médiane, jours"),
    "conversion": Text("Conversion", "Conversion"),
    "ends": Text("Where journeys end without a conversion", "Où s’arrêtent les parcours sans conversion"),
    "touches": Text("Touches", "Contacts"),
    "ended": Text("Journeys ended here", "Parcours arrêtés ici"),
    "share_of_ends": Text("Of all such ends", "De tous ces arrêts"),
    "exit_rate": Text("Of its touches", "De ses contacts"),
    "still_open": Text("Still open", "Encore ouverts"),
    "n_open": Text(
        "A journey whose last touch is less than {days} days old may still go on: it is still open, and in no rate.",
        "Un parcours dont le dernier contact date de moins de {days} jours peut continuer : il est encore ouvert, et hors des taux.",
    ),
    "n_small": Text(
        "Channels in fewer than 30 conversions are known to within a third at best.",
        "Les canaux présents dans moins de 30 conversions ne sont connus, au mieux, qu’à un tiers près.",
    ),
    "n_again": Text(
        "Tools that count each earlier touch of the closing channel as an assist show more.",
        "Les outils qui comptent comme assistance chaque contact antérieur du canal concluant en affichent davantage.",
    ),
}


def kind_name(kind: str, language: str) -> str:
    """Return a kind of moment in words; an unknown one keeps its own name."""
    return KINDS[kind][language] if kind in KINDS else channel_in_words(kind)[language]


def moment_name(kind: str, channel: str, language: str) -> str:
    """Return a moment in words.

    Examples:
        >>> moment_name("purchase", "store", "fr"), moment_name("social", "social", "en"), moment_name("kiosk", "mall", "en")
        ('achat (magasin)', 'social network', 'kiosk (mall)')
    """
    words = kind_name(kind, language)
    return words if kind == channel else f"{words} ({channel_in_words(channel)[language]})"


def channel_names(channels: Iterable[str], language: str) -> dict[str, str]:
    """Return the channels in words; as they are if two of them would have the same words.

    Examples:
        >>> channel_names(["email", "paid_search"], "fr"), channel_names(["a_b", "a b"], "en")
        ({'email': 'e-mail', 'paid_search': 'paid search'}, {'a_b': 'a_b', 'a b': 'a b'})
    """
    known = list(channels)
    words = {name: channel_in_words(name)[language] for name in known}
    return words if len(set(words.values())) == len(known) else {name: name for name in known}
