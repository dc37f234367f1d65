# ruff: noqa: E501  (lines as the systems export them)
"""Heads and rows as shop, till, CRM and billing systems export them; the values are invented."""

from __future__ import annotations

EXPORTS: dict[str, str] = {
    "shopify": """Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Country,Id
#1001,a1@example.org,paid,2024-12-01 10:00:00 +0100,fulfilled,EUR,20.00,3.33,20.00,,0.00,2024-12-01 09:58:00 +0100,2,Tea,10.00,T-1,FR,5001
#1002,b2@example.org,paid,2024-12-13 10:00:00 +0100,fulfilled,EUR,5.50,0.92,5.50,,0.00,2024-12-13 09:58:00 +0100,1,Cup,5.50,C-1,FR,5002
#1003,a1@example.org,refunded,2024-12-14 10:00:00 +0100,fulfilled,EUR,10.00,1.67,10.00,,0.00,2024-12-14 09:58:00 +0100,1,Tea,10.00,T-1,BE,5003
""",
    "woocommerce": """order_id,order_number,order_date,status,customer_id,customer_email,order_total,order_currency,payment_method,billing_country,billing_postcode
11,11,2024-12-01 09:58:00,completed,7,a1@example.org,20.00,EUR,stripe,FR,69003
12,12,2024-12-13 09:58:00,completed,8,b2@example.org,5.50,EUR,stripe,FR,01000
13,13,2024-12-14 09:58:00,refunded,7,a1@example.org,10.00,EUR,paypal,FR,69003
""",
    "prestashop": """id_order;reference;id_customer;date_add;total_paid_tax_incl;total_paid_tax_excl;payment;current_state
11;XKBKNABJK;7;2024-12-01 09:58:00;20.00;16.67;Carte;5
12;OHSATSERP;8;2024-12-13 09:58:00;5.50;4.58;Carte;5
13;UOYEVOLI0;7;2024-12-14 09:58:00;10.00;8.33;Virement;5
""",
    "magento": """increment_id,created_at,customer_id,sku,qty_ordered,price,row_total,discount_amount,status,store_id
100000011,2024-12-01 09:58:00,7,T-1,2,10.00,20.00,0.00,complete,1
100000012,2024-12-13 09:58:00,8,C-1,1,5.50,5.50,0.00,complete,1
100000013,2024-12-14 09:58:00,7,T-1,1,10.00,10.00,1.50,complete,1
""",
    "sap": """VBELN;POSNR;KUNNR;ERDAT;MATNR;MENGE;NETWR;WAERS
0090000001;000010;0000100007;20241201;T-1;2;20.00;EUR
0090000001;000020;0000100007;20241201;C-1;1;5.50;EUR
0090000002;000010;0000100008;20241214;T-1;1;10.00;EUR
""",
    "stripe": """id,Created (UTC),Amount,Amount Refunded,Currency,Customer ID,Status,Description
ch_1,2024-12-01 09:58,20.00,0.00,eur,cus_7,Paid,Order 1
ch_2,2024-12-13 09:58,5.50,0.00,eur,cus_8,Paid,Order 2
ch_3,2024-12-14 09:58,10.00,10.00,eur,cus_7,Refunded,Order 3
""",
    "sage": """N° pièce;Date pièce;Code client;Référence article;Désignation;Quantité;Prix unitaire HT;Montant HT;Montant TTC
FA0001;01/12/2024;CL007;T-1;Thé;2;8,33;16,66;19,99
FA0001;01/12/2024;CL007;C-1;Tasse;1;4,58;4,58;5,50
FA0002;14/12/2024;CL008;T-1;Thé;1;8,33;8,33;10,00
""",
    "till": """Code magasin;N° caisse;N° ticket;N° ligne;Date ticket;Code carte fidélité;Code EAN;Qté;PU TTC;Remise;CA TTC
L01;1;501;1;01/12/2024 09:58;9000007;3760000000011;2;10,00;0,00;20,00
L01;1;501;2;01/12/2024 09:58;9000007;3760000000028;1;5,50;0,00;5,50
L02;2;502;1;14/12/2024 10:31;9000008;3760000000011;1;10,00;1,00;9,00
""",
    "subscriptions": """N° contrat;N° abonné;Offre;Date de souscription;Date de résiliation;Motif de résiliation;Mensualité;Statut
C1;A7;Fibre;01/03/2022;;;29,99;Actif
C2;A8;Mobile;15/04/2023;31/10/2024;Prix;9,99;Résilié
C3;A7;Mobile;20/05/2024;;;12,99;Actif
""",
    "salesforce": """Account ID,Account Name,Billing Country,Billing Zip/Postal Code,Created Date,Type,Industry
0017,Alpha,FR,69003,2022-03-01,Customer,Retail
0018,Beta,BE,1000,2023-04-15,Customer,Food
0019,Gamma,FR,01000,2024-05-20,Prospect,Retail
""",
    "mailchimp": """Email Address,First Name,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LANGUAGE,CC
a1@example.org,A,3,2024-12-01 09:58:00,2024-12-01 10:00:00,fr,FR
b2@example.org,B,4,2024-12-13 09:58:00,2024-12-13 10:00:00,fr,FR
c3@example.org,C,2,2024-12-14 09:58:00,2024-12-14 10:00:00,en,BE
""",
    "us_days": """Invoice No,Customer,Invoice Date,Amount
1,7,03/04/2024,20.00
2,8,05/06/2024,5.50
3,7,07/08/2024,10.00
""",
    "cents": """order_id,customer_id,order_date,amount
1,7,2024-12-01,2000
2,8,2024-12-13,550
3,7,2024-12-14,129900
""",
    "coffee": """order_id,customer_id,order_date,amount
1,7,2024-12-01,299
2,8,2024-12-13,450
3,7,2024-12-14,199
""",
    "thousands": """order_id;customer_id;order_date;amount
1;7;2024-12-01;2,000
2;8;2024-12-13;1,550
3;7;2024-12-14;3,100
""",
    "returns": """id_commande;id_client;date_commande;prix_ht
1;7;2024-12-01;20.00
2;8;2024-12-13;5.50
3;7;2024-12-14;-20.00
""",
}
