"""Vocabulary of the columns that shops, tills, CRMs and billing systems export, in French and in English.

A word stands for one notion; the name of a column is the set of the notions of its words. A meaning is
announced by one or several sets of notions. Words are lower case and without accents.
"""

from __future__ import annotations


def several(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


_WORDS = {
    "CUSTOMER": """customer customers cust client clients clt cli adherent adherents member membre household foyer menage account acct
        compte donor donateur abonne subscriber subscribers user users utilisateur buyer acheteur shopper tiers assure societaire
        consommateur consumer guest kunde kunden kunnr visitor visiteur acheteurs contact lead prospect purchaser payer""",
    "ID": """id ids no num numero nr code cod ref reference identifiant identifier key cle uid uuid guid matricule sk idx pk n
        numb number""",
    "ORDER": """order orders commande commandes cmd cde invoice facture factures fact ticket tickets receipt recu basket panier
        transaction transactions trans trx txn sale vente ventes bon piece document doc booking reservation achat achats purchase
        purchases vbeln charge checkout till increment""",
    "LINE": """line ligne lignes lig row rownum rang posnr lineitem position seq sequence""",
    "PRODUCT": """product products produit produits prod article articles art item items sku ean upc gtin barcode matnr variant
        isbn stockcode lineitem""",
    "DATE": """date dt dat day jour le datetime timestamp time heure horodatage at moment when erdat fkdat ts on""",
    "AMOUNT": """amount amt montant mt mnt total sales revenue ca value valeur spend turnover dollar dollars euro euros netwr
        subtotal encaissement sum somme depense chiffre affaires paid paye regle charges
        fee fees""",
    "PRICE": """price prices prix pu tarif unitprice puttc puht pv""",
    "COST": "cost cout couts",
    "UNIT": "unit unitaire units unitaires per each piece",
    "QUANTITY": """quantity quantite quantites qty qte qtes qt nb nbr nombre menge count volume pcs""",
    "INCL": "ttc incl including inclus toutes comprises gross brut",
    "EXCL": "ht excl excluding hors net nette htva",
    "TAX": "tva vat tax taxe taxes gst impot",
    "RATE": "rate taux pct percent pourcentage share ratio",
    "DISCOUNT": "discount discounts disc remise remises rabais reduction reductions rebate ristourne",
    "COUPON": "coupon coupons voucher bon avoirs offer offre promo promotion",
    "MARGIN": "margin margins marge profit benefice gm",
    "CITY": "city ville town localite commune locality suburb",
    "POSTCODE": "postcode zip zipcode cp postal codepostal plz postalcode postale",
    "COUNTRY": "country pays land countryregion nation iso",
    "REGION": "region province state departement county geography geographie area zone secteur",
    "ADDRESS": "address adresse street rue voie addr address1 address2 line1 line2 complement",
    "LANGUAGE": "language langue lang locale",
    "BIRTH": "birth naissance naiss dob birthday birthdate ddn born ne nee anniversaire",
    "YEAR": "year annee an yr",
    "CREATED": """created creation inscription signup joined registered registration since opened ouverture entree adhesion enrol
        enrolled enrollment depuis cree acquisition member_since""",
    "EMAIL": "email mail courriel emails adressemail emailing",
    "PHONE": "phone tel telephone mobile gsm portable cell telephonique appel call",
    "SMS": "sms",
    "POST": "courrier post mailing direct papier",
    "NAME": "name nom libelle label designation intitule title titre lib description",
    "PERSON": "first last prenom surname given firstname lastname forename fname lname civilite fullname lookup",
    "CHANNEL": "channel canal canaux source medium origine origin reseau vtweg touchpoint",
    "STORE": """store stores magasin magasins shop boutique pos outlet agence branch pdv succursale etablissement site werks caisse
        pointdevente""",
    "CATEGORY": "category categorie cat famille family rayon department univers gamme categories collection",
    "SEGMENT": "segment segments cluster profil",
    "SUB": "sub sous sousfamille souscategorie subcategory subfamily",
    "BRAND": "brand marque vendor",
    "SUPPLIER": "supplier fournisseur manufacturer fabricant",
    "STATUS": "status statut etat state situation",
    "KIND": "type kind sens nature mode genre operation",
    "RETURN": "return returned returns retour refund refunded avoir remboursement cancelled annule annulation",
    "CURRENCY": "currency devise monnaie waers cur curr",
    "OPTIN": """optin opt consent consentement newsletter accepts marketing rgpd gdpr subscribed prospection autorisation accord
        permission accepte accept""",
    "OPTOUT": "optout refus stop blacklist unsubscribed oppose opposition desabonne npai stopsms bloctel bounce",
    "CONTRACT": "contract contrat contrats contracts subscription subscriptions abonnement abonnements police policy pret plan",
    "START": "start started debut begin effet souscription souscrit from activation signature",
    "END": "end ended fin resiliation termination terminated cancel cancellation cloture expiry close closed",
    "RENEWAL": "renewal echeance renouvellement reconduction",
    "REASON": "reason motif cause raison",
    "LEFT": "churn churned exited attrition left parti resilie departed lost attrited",
    "TENURE": "tenure anciennete duration duree seniority lifetime",
    "MONTH": "month mois monthly mensuel mensualite mensuelle mrr",
    "TERM": "term engagement commitment",
    "PAYMENT": "payment paiement reglement method moyen payer",
    "PATH": "path chemin parcours journey paths",
    "CONVERSION": "conversion conversions converted conv",
    "NULLS": "null nulls nonconverted without",
    "CAMPAIGN": "campaign campagne campagnes campaigns operation wave vague",
    "SENT": "sent envoi envoye send shipped contacted delivered expedition",
    "OUTCOME": "outcome result resultat interaction issue response reponse event evenement action",
    "SCORE": "score note nps csat satisfaction ces rating grade eval",
    "QUESTION": "question item_id",
    "COMMENT": "comment commentaire verbatim remark avis review",
    "POINTS": "points point",
    "TIER": "tier level palier niveau",
    "CARD": "card carte loyalty fidelite",
    "STOCK": "stock available disponible stock_status instock",
    "HOUSE": "houses",
    "ANONYMOUS": "cookie cookies device anonymous fullvisitorid clientid ga session",
    "REDEEMED": "redemption redeemed utilisation used",
    "SHIP": "ship shipping livraison delivery expedie fulfillment fulfilled",
    "UPDATED": "updated modified modification maj last_modified processed exported",
    "OPENDAY": "snapshot asof photo arrete observation",
    "TARGET": "y target label_y cible",
    "ARM": "arm group groupe treatment traitement bras variant_group temoin control cellule",
}
"""Words by notion; a word may stand for several."""

FILLERS = several(
    """the of de du des la les l d a au aux en et and or by par in my our ma mon is has est this total libre export main pour
    for new full actual item retail tot with dans sur sa son e base grand ordered financial billing add fiche dossier
    enquete survey jours days weeks semaines months years annees"""
)
"""Words that say nothing beside others."""

NOTIONS: dict[str, tuple[str, ...]] = {}
for _notion, _text in _WORDS.items():
    for _word in _text.split():
        NOTIONS[_word] = (*NOTIONS.get(_word, ()), _notion)

MEANINGS: dict[str, tuple[str, ...]] = {
    "customer_id": ("CUSTOMER ID", "CUSTOMER", "CUSTOMER CARD ID"),
    "anonymous_id": ("ANONYMOUS ID", "ANONYMOUS", "CUSTOMER ANONYMOUS ID"),
    "card_id": ("CARD ID", "CARD"),
    "any_id": ("ID",),
    "order_id": ("ORDER ID", "ORDER", "ORDER NAME", "CUSTOMER ORDER ID", "STORE ORDER ID"),
    "line_id": ("LINE ID", "LINE", "ORDER LINE ID", "ORDER LINE", "PRODUCT LINE ID"),
    "product_id": ("PRODUCT ID", "PRODUCT", "PRODUCT LINE", "STOCK ID"),
    "product_name": ("PRODUCT NAME", "NAME", "PRODUCT LINE NAME"),
    "order_day": ("DATE", "CREATED", "ORDER DATE", "ORDER CREATED DATE", "ORDER CREATED", "DATE CREATED", "ORDER PAYMENT DATE"),
    "other_day": ("SHIP DATE", "DATE UPDATED", "UPDATED", "AMOUNT DATE", "SHIP DATE SENT", "SENT SHIP", "ORDER UPDATED DATE"),
    "amount": (
        "AMOUNT",
        "ORDER AMOUNT",
        "PRODUCT LINE AMOUNT",
        "LINE AMOUNT",
        "PRODUCT AMOUNT",
        "PAYMENT AMOUNT",
        "ORDER LINE AMOUNT",
        "PRICE AMOUNT",
    ),
    "unit_price": ("PRICE UNIT", "PRODUCT PRICE UNIT", "AMOUNT UNIT"),
    "price": ("PRICE", "PRODUCT PRICE", "PRODUCT LINE PRICE", "ORDER PRICE"),
    "unit_cost": ("COST", "COST UNIT", "PRICE COST", "PRODUCT COST", "DATE COST"),
    "quantity": ("QUANTITY", "PRODUCT QUANTITY", "QUANTITY ORDER", "PRODUCT LINE QUANTITY", "UNIT", "QUANTITY UNIT", "LINE QUANTITY"),
    "tax": ("TAX", "TAX AMOUNT", "TAX LINE", "TAX PRICE", "ORDER TAX"),
    "vat_rate": ("TAX RATE",),
    "discount": (
        "DISCOUNT",
        "DISCOUNT AMOUNT",
        "DISCOUNT COUPON",
        "DISCOUNT STORE",
        "DISCOUNT LINE",
        "DISCOUNT RATE",
        "DISCOUNT PRODUCT LINE",
        "DISCOUNT ORDER",
    ),
    "coupon_id": ("COUPON ID", "COUPON", "DISCOUNT ID", "COUPON PRODUCT"),
    "margin": ("MARGIN", "MARGIN AMOUNT", "MARGIN LINE"),
    "unit_margin": ("MARGIN UNIT",),
    "store_id": ("STORE ID", "STORE", "ORDER STORE"),
    "store_name": ("STORE NAME",),
    "channel": ("CHANNEL", "CHANNEL ORDER", "CHANNEL NAME", "ORDER CHANNEL KIND", "CHANNEL KIND"),
    "line_kind": ("KIND", "ORDER KIND", "LINE KIND", "KIND RETURN", "DOCUMENT KIND"),
    "currency": ("CURRENCY", "CURRENCY ID", "CURRENCY ORDER"),
    "created_on": ("CREATED", "CREATED DATE", "CUSTOMER CREATED DATE", "CUSTOMER CREATED", "CUSTOMER DATE", "CREATED CARD DATE"),
    "country": ("COUNTRY", "CUSTOMER COUNTRY", "COUNTRY ID", "COUNTRY NAME", "ADDRESS COUNTRY", "COUNTRY REGION"),
    "postcode": ("POSTCODE", "POSTCODE ID", "CUSTOMER POSTCODE", "ADDRESS POSTCODE"),
    "language": ("LANGUAGE", "LANGUAGE ID", "CUSTOMER LANGUAGE"),
    "birth_day": ("BIRTH", "BIRTH DATE", "CUSTOMER BIRTH DATE"),
    "birth_year": ("BIRTH YEAR",),
    "customer_type": ("CUSTOMER KIND",),
    "email": ("EMAIL", "EMAIL ADDRESS", "CUSTOMER EMAIL"),
    "phone": ("PHONE", "PHONE ID", "CUSTOMER PHONE"),
    "person": ("PERSON", "PERSON NAME", "CUSTOMER NAME", "CUSTOMER PERSON", "CUSTOMER PERSON NAME"),
    "address": ("ADDRESS", "ADDRESS NAME", "ADDRESS POST"),
    "city": ("CITY", "ADDRESS CITY", "CUSTOMER CITY"),
    "region": ("REGION", "REGION ID", "REGION NAME"),
    "category_1": ("CATEGORY", "PRODUCT CATEGORY", "CATEGORY NAME"),
    "category_2": ("SUB CATEGORY", "SUB", "PRODUCT SUB CATEGORY"),
    "product_type": ("PRODUCT KIND",),
    "brand": ("BRAND", "PRODUCT BRAND"),
    "supplier": ("SUPPLIER", "SUPPLIER ID", "SUPPLIER NAME"),
    "in_stock": ("STOCK", "PRODUCT STOCK"),
    "contract_id": ("CONTRACT ID", "CONTRACT", "CUSTOMER CONTRACT ID"),
    "contract_type": ("CONTRACT KIND",),
    "contract_start": ("START", "START DATE", "CONTRACT START DATE", "CONTRACT DATE", "START CONTRACT"),
    "contract_end": ("END", "END DATE", "CONTRACT END DATE", "END CONTRACT", "DATE LEFT"),
    "renewal_day": ("RENEWAL", "RENEWAL DATE", "CONTRACT RENEWAL DATE"),
    "status": ("STATUS", "CONTRACT STATUS", "STATUS ORDER", "PAYMENT STATUS", "STATUS CUSTOMER"),
    "end_reason": ("REASON", "END REASON", "REASON LEFT", "CONTRACT END REASON"),
    "monthly_amount": ("MONTH AMOUNT", "MONTH", "MONTH PRICE", "MONTH ORDER", "MONTH CONTRACT AMOUNT"),
    "payment_method": ("PAYMENT", "PAYMENT KIND", "KIND PAYMENT", "PAYMENT NAME"),
    "term": ("TERM", "TERM MONTH", "TERM TENURE", "TERM CONTRACT"),
    "tenure": ("TENURE", "TENURE MONTH", "CUSTOMER TENURE", "TENURE YEAR"),
    "left": ("LEFT", "CUSTOMER LEFT"),
    "path": ("PATH", "CONVERSION PATH"),
    "conversions": ("CONVERSION", "CONVERSION QUANTITY", "CONVERSION AMOUNT_"),
    "nulls": ("NULLS", "NULLS CONVERSION", "NULLS QUANTITY"),
    "conversion_value": ("CONVERSION AMOUNT", "CONVERSION AMOUNT_ AMOUNT"),
    "campaign_id": ("CAMPAIGN ID", "CAMPAIGN", "CAMPAIGN NAME"),
    "campaign_type": ("CAMPAIGN KIND",),
    "sent_at": ("SENT", "SENT DATE", "CAMPAIGN SENT DATE", "CUSTOMER SENT DATE", "EMAIL SENT DATE"),
    "redeemed_on": ("REDEEMED DATE", "REDEEMED", "COUPON REDEEMED DATE"),
    "outcome": ("OUTCOME", "OUTCOME KIND", "OUTCOME NAME"),
    "score": ("SCORE", "SCORE SCORE", "SCORE QUESTION", "SCORE YEAR"),
    "question": ("QUESTION", "QUESTION NAME", "QUESTION ID"),
    "comment": ("COMMENT",),
    "points": ("POINTS", "POINTS QUANTITY", "CARD POINTS", "POINTS AMOUNT"),
    "tier": ("TIER", "CARD TIER"),
    "target": ("TARGET",),
    "arm": ("ARM",),
    "as_of": ("OPENDAY", "OPENDAY DATE"),
}
"""Sets of notions that announce a meaning."""

CHANNELS = {"EMAIL": "email", "SMS": "sms", "PHONE": "phone", "POST": "post"}
"""Channels of a consent, by the notion in the name of its column."""

YES = ("oui", "o", "yes", "y", "true", "vrai", "1", "x")
NO = ("non", "n", "no", "false", "faux", "0")

RETURN_WORDS = several("return returns retour retours r avoir refund refunded remboursement credit av rem")
CANCEL_WORDS = several("cancel cancelled canceled annule annulation annulee cancellation c")
"""Values of a column of kinds that name a return or a cancellation."""

CONTROL_WORDS = several("control controle temoin temoins holdout none no_email noemail ctrl placebo")
"""Values that name the group to which nothing was sent."""

TOTAL_WORDS = r"(?i)^\s*(sous[- ]?total|total|totaux|grand total|somme|sum|ensemble)\b"
"""Labels of a row that adds up the others."""

TITLES = ("export", "extraction", "rapport", "report", "liste", "list")
"""Words with which the title of an export begins."""
