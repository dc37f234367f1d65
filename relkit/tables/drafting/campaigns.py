"""Blocks of campaigns without a draw: who was contacted, which coupons there were, and which were used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.tables.drafting.desk import day_line, filled, id_line, is_code, is_day, is_id, plain_line, share_in
from relkit.tables.drafting.pieces import Answer, DraftBlock, Line, Question, quoted, scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.tables.drafting.desk import Desk
    from relkit.tables.drafting.profile import Profile

_MATCHES = 0.9
_CHANNELS = ("email", "sms", "phone", "post", "app")


@dataclass(frozen=True, eq=False)
class Campaigns:
    """The list of campaigns, with a day each, and the column that identifies them; None if no source is one."""

    desk: Desk
    key: Profile
    start: Profile


def campaigns_of(desks: list[Desk]) -> Campaigns | None:
    """Return the source that lists campaigns with their days."""
    for desk in desks:
        key = desk.one("campaign_id", fits=lambda c: c.is_unique and is_id(c))
        start = desk.one("contract_start", "sent_at", "order_day", fits=is_day)
        if key is not None and start is not None and desk.one("customer_id") is None:
            return Campaigns(desk, key, start)
    return None


def is_contacts(desk: Desk) -> bool:
    """Return whether rows are customers contacted in a campaign."""
    who, campaign = desk.one("customer_id", fits=is_id), desk.one("campaign_id", fits=is_code)
    dated = desk.one("sent_at", fits=is_day)
    sold = desk.one("order_id", "amount", "redeemed_on", "coupon_id")
    return who is not None and not who.is_unique and (campaign is not None or dated is not None) and sold is None


def is_redemptions(desk: Desk) -> bool:
    """Return whether rows are coupons that customers used."""
    return desk.one("redeemed_on", fits=is_day) is not None and desk.one("customer_id", fits=is_id) is not None


def is_offers(desk: Desk) -> bool:
    """Return whether rows are coupons, for campaigns or products."""
    others = desk.one("customer_id", "order_id", "redeemed_on", "amount")
    return desk.one("coupon_id", fits=is_code) is not None and others is None


def contacts(desk: Desk, campaigns: Campaigns | None) -> list[DraftBlock]:
    """Return the block of the contacts, with the days of their campaigns if the rows have none."""
    who, campaign = desk.one("customer_id", fits=is_id), desk.one("campaign_id", fits=is_code)
    sent, channel = desk.one("sent_at", "order_day", fits=is_day), desk.one("channel")
    if who is None:
        return []
    head, when = _when(campaign, sent, campaigns)
    columns = [
        _contact_id(desk, campaign, who),
        id_line("customer_id", who),
        Line(key="channel_id", value=channel.name, reads=(channel.name,)) if channel is not None else _channel(desk),
        *when,
        *((Line(key="action_id", value=campaign.name, reads=(campaign.name,)),) if campaign is not None else ()),
        *_wave(campaigns if head else None),
    ]
    return [DraftBlock(table="contacts", source=desk.found.name, head=head, columns=tuple(columns))]


def _wave(campaigns: Campaigns | None) -> tuple[Line, ...]:
    """Return the line of the wave: the kind of campaign, if the list has one, is asked about."""
    kind = campaigns.desk.one("campaign_type") if campaigns is not None else None
    if kind is None:
        return ()
    text = Text(f"is {kind.name!r} the wave of the campaign?", f"« {kind.name} » est-elle la vague de la campagne ?")
    return (Line(key="wave_id", value=Question(text, (Answer(scalar(kind.name), filled(kind)),), may_go=True), reads=(kind.name,)),)


def _contact_id(desk: Desk, campaign: Profile | None, who: Profile) -> Line:
    """Return the line of the contact's id: the pair of campaign and customer, if no row repeats it."""
    if campaign is not None and desk.found.rows <= len(desk.found.sample) and desk.together(campaign.name, who.name) == 1:
        made = f"concat({quoted(campaign.name)}, '-', {quoted(who.name)})"
        remark = Text("together they tell all rows apart", "ensemble, elles distinguent toutes les lignes")
        return Line(key="contact_id", value=made, reads=(campaign.name, who.name), remark=remark)
    return Line(key="contact_id", value="concat('row ', _row)", remark=Text("the file has no ids", "le fichier n’a pas d’identifiant"))


def _channel(desk: Desk) -> Line:
    name = desk.found.name
    text = Text(f"by which channel were the contacts of {name}?", f"par quel canal ont eu lieu les contacts de {name} ?")
    return Line(key="channel_id", value={"constant": Question(text, tuple(Answer(name) for name in _CHANNELS))})


def _when(campaign: Profile | None, sent: Profile | None, campaigns: Campaigns | None) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    if sent is not None:
        return (), (day_line("sent_at", sent, instant=True),)
    if campaign is None or campaigns is None:
        text = Text("on which day were the contacts?", "quel jour ont eu lieu les contacts ?")
        asked = Question(text, (Answer("2025-06-30", Text("or another day", "ou une autre date")),))
        return (), (Line(key="sent_at", value={"constant": asked, "precision": "day"}),)
    head = (_join(campaign, campaigns),)
    text = Text(
        f"were the contacts on the day {campaigns.start.name!r} of {campaigns.desk.found.name}?",
        f"les contacts ont-ils eu lieu à la date « {campaigns.start.name} » de {campaigns.desk.found.name} ?",
    )
    rule = day_line("sent_at", campaigns.start, instant=True).value
    asked = Question(text, (Answer(scalar(campaigns.start.name)),))
    value = {**rule, "column": asked} if isinstance(rule, dict) else {"column": asked, "precision": "day"}
    return head, (Line(key="sent_at", value=value, reads=(campaigns.start.name,)),)


def _join(campaign: Profile, campaigns: Campaigns) -> Line:
    return Line(key="join", value={"source": campaigns.desk.found.name, "on": {campaign.name: campaigns.key.name}})


def outcomes(desk: Desk, sent: list[Desk]) -> list[DraftBlock]:
    """Return the block of the coupons used, each by its contact."""
    who, campaign = desk.one("customer_id", fits=is_id), desk.one("campaign_id", fits=is_code)
    when, coupon = desk.one("redeemed_on", fits=is_day), desk.one("coupon_id", fits=is_code)
    known = next((other for other in sent if campaign is not None and _same(desk, campaign, other)), None)
    if who is None or when is None or campaign is None or known is None:
        return []
    columns = [
        Line(key="contact_id", value=f"concat({quoted(campaign.name)}, '-', {quoted(who.name)})", reads=(campaign.name, who.name)),
        Line(key="outcome", value={"constant": "redeemed"}),
        day_line("occurred_at", when, instant=True),
        *((_offer_id(coupon, campaign),) if coupon is not None else ()),
    ]
    return [DraftBlock(table="outcomes", source=desk.found.name, columns=tuple(columns))]


def _same(desk: Desk, campaign: Profile, other: Desk) -> bool:
    theirs = other.one("campaign_id", fits=is_code)
    return theirs is not None and share_in(desk.found.sample[campaign.name], other.found.sample[theirs.name]) >= _MATCHES


def _offer_id(coupon: Profile, campaign: Profile | None) -> Line:
    text = Text("which columns identify an offer, here and in the list of offers?", "quelles colonnes identifient une offre ?")
    answers = [Answer(scalar(coupon.name), filled(coupon))]
    if campaign is not None:
        made = f"concat({quoted(campaign.name)}, '-', {quoted(coupon.name)})"
        answers.insert(0, Answer(made, Text("a coupon of one campaign", "un coupon d’une campagne")))
    reads = (coupon.name, *((campaign.name,) if campaign is not None else ()))
    return Line(key="offer_id", value=Question(text, tuple(answers)), reads=reads)


def offers(desk: Desk, campaigns: Campaigns | None) -> list[DraftBlock]:
    """Return the block of the coupons, with the days of their campaigns."""
    coupon, campaign = desk.one("coupon_id", fits=is_code), desk.one("campaign_id", fits=is_code)
    if coupon is None:
        return []
    head: tuple[Line, ...] = (Line(key="one_per", value="offer_id"),)
    days: list[Line] = []
    if campaign is not None and campaigns is not None:
        head = (*head, _join(campaign, campaigns))
        end = campaigns.desk.one("contract_end", fits=is_day)
        days = [day_line("starts_on", campaigns.start), *((day_line("ends_on", end),) if end is not None else ())]
    columns = (_offer_id(coupon, campaign), *plain_line("name", desk.one("product_name")), *days)
    return [DraftBlock(table="offers", source=desk.found.name, head=head, columns=columns)]
