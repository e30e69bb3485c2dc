/**
 * The GS1 application identifiers (AIs): GS1 General Specifications, section 3 "GS1 Application Identifiers", and GS1 Barcode
 * Syntax Dictionary, release of 2025, of which this holds the facts in a shorter form.
 *
 * Columns: AI (`3900-3909` is ten) | format | use | AIs that must stand beside it | AIs that must not | data title.
 * Format: parts of N digits, X set 82, Y set 39, Z base64url with a length or `..` a greatest length, `[optional]`, `:rule` of
 * gs1-value-rules.ts. Use: `fixed` needs no separator behind it, `key 22,10,21/235` is a primary key of a Digital Link with these
 * qualifiers in this order or those, `attribute` may stand in the query of a Digital Link (as all keys may), `qualifier` only in its path.
 * Beside it: each word must hold, by one of its alternatives `/`; `+` asks for both. `n` is any digit. (22) beside (8006) follows the sequence of qualifiers of (8006), which the dictionary's rule for (22) forgets.
 */
export const gs1Table = `
00        | N18:mod10                | fixed key              |                         | | SSCC
01        | N14:mod10                | fixed key 22,10,21/235 |                         | 255 37 | GTIN
02        | N14:mod10                | fixed attribute        | 37                      | 01 03 | CONTENT
03        | N14:mod10                | fixed                  |                         | 01 02 37 | MTO GTIN
10        | X..20                    | attribute              | 01/02/03/8006/8026      | | BATCH/LOT
11        | N6:date0                 | fixed attribute        | 01/02/03/8006/8026      | | PROD DATE
12        | N6:date0                 | fixed attribute        | 8020                    | | DUE DATE
13        | N6:date0                 | fixed attribute        | 01/02/03/8006/8026      | | PACK DATE
15        | N6:date0                 | fixed attribute        | 01/02/03/8006/8026      | | BEST BEFORE or BEST BY
16        | N6:date0                 | fixed attribute        | 01/02/03/8006/8026      | | SELL BY
17        | N6:date0                 | fixed attribute        | 01/02/03/255/8006/8026  | | USE BY or EXPIRY
20        | N2                       | fixed attribute        | 01/02/8006/8026         | | VARIANT
21        | X..20                    | qualifier              | 01/03/8006              | 235 | SERIAL
22        | X..20                    | qualifier              | 01/8006                    | | CPV
235       | X..28                    | qualifier              | 01                      | | TPX
240       | X..30                    | attribute              | 01/02/8006/8026         | | ADDITIONAL ID
241       | X..30                    | attribute              | 01/02/8006/8026         | | CUST. PART No.
242       | N..6                     | attribute              | 01/02/8006/8026         | | MTO VARIANT
243       | X..20                    | attribute              | 01                      | | PCN
250       | X..30                    | attribute              | 01/8006 21              | | SECONDARY SERIAL
251       | X..30                    | attribute              | 01/8006                 | | REF. TO SOURCE
253       | N13:mod10 [X..17]        | key                    |                         | | GDTI
254       | X..20                    | qualifier              | 414                     | | GLN EXTENSION COMPONENT
255       | N13:mod10 [N..12]        | key                    |                         | 01 02 415 8006 8020 8026 | GCN
30        | N..8                     | attribute              | 01/02                   | | VAR. COUNT
37        | N..8                     | attribute              | 00 02/8026              | | COUNT
3900-3909 | N..15                    | attribute              | 255/8020                | 390n 391n 394n 8111 | AMOUNT
3910-3919 | N3:currency N..15        | attribute              | 8020                    | 391n | AMOUNT
3920-3929 | N..15                    | attribute              | 01 30/31nn/32nn/35nn/36nn | 392n 393n | PRICE
3930-3939 | N3:currency N..15        | attribute              | 30/31nn/32nn/35nn/36nn  | 393n | PRICE
3940-3943 | N4                       | attribute              | 255                     | 394n 8111 | PRCNT OFF
3950-3955 | N6                       | attribute              | 30/31nn/32nn/35nn/36nn  | 392n 393n 395n 8005 | PRICE/UoM
400       | X..30                    | attribute              |                         | | ORDER NUMBER
401       | X..30:prefix             | key                    |                         | | GINC
402       | N17:mod10                | key                    |                         | | GSIN
403       | X..30                    | attribute              | 00                      | | ROUTE
410       | N13:mod10                | fixed attribute        |                         | | SHIP TO LOC
411       | N13:mod10                | fixed attribute        |                         | | BILL TO
412       | N13:mod10                | fixed attribute        |                         | | PURCHASE FROM
413       | N13:mod10                | fixed attribute        |                         | | SHIP FOR LOC
414       | N13:mod10                | fixed key 254/7040     |                         | | LOC No.
415       | N13:mod10                | fixed key 8020         | 8020                    | | PAY TO
416       | N13:mod10                | fixed attribute        |                         | | PROD/SERV LOC
417       | N13:mod10                | fixed key 7040         |                         | | PARTY
420       | X..20                    | attribute              |                         | 421 | SHIP TO POST
421       | N3:country X..9          | attribute              |                         | 4307 | SHIP TO POST
422       | N3:country               | attribute              | 01/02/8006/8026         | 426 | ORIGIN
423       | N3:country [N3:country] [N3:country] [N3:country] [N3:country] | attribute | 01/02 | 426 | COUNTRY - INITIAL PROCESS
424       | N3:country               | attribute              | 01/02                   | 426 | COUNTRY - PROCESS
425       | N3:country [N3:country] [N3:country] [N3:country] [N3:country] | attribute | 01/02 | 426 | COUNTRY - DISASSEMBLY
426       | N3:country               | attribute              | 01/02                   | | COUNTRY - FULL PROCESS
427       | X..3                     | attribute              | 01/02 422               | | ORIGIN SUBDIVISION
4300      | X..35:percent            | attribute              | 00                      | | SHIP TO COMP
4301      | X..35:percent            | attribute              | 00                      | | SHIP TO NAME
4302      | X..70:percent            | attribute              | 00                      | | SHIP TO ADD1
4303      | X..70:percent            | attribute              | 4302                    | | SHIP TO ADD2
4304      | X..70:percent            | attribute              | 00                      | | SHIP TO SUB
4305      | X..70:percent            | attribute              | 00                      | | SHIP TO LOC
4306      | X..70:percent            | attribute              | 00                      | | SHIP TO REG
4307      | X2:country2              | attribute              | 00                      | | SHIP TO COUNTRY
4308      | X..30                    | attribute              | 00                      | | SHIP TO PHONE
4309      | N10:latitude N10:longitude | attribute            | 00                      | | SHIP TO GEO
4310      | X..35:percent            | attribute              | 00                      | | RTN TO COMP
4311      | X..35:percent            | attribute              | 00                      | | RTN TO NAME
4312      | X..70:percent            | attribute              | 00                      | | RTN TO ADD1
4313      | X..70:percent            | attribute              | 4312                    | | RTN TO ADD2
4314      | X..70:percent            | attribute              | 00                      | | RTN TO SUB
4315      | X..70:percent            | attribute              | 00                      | | RTN TO LOC
4316      | X..70:percent            | attribute              | 00                      | | RTN TO REG
4317      | X2:country2              | attribute              | 00                      | | RTN TO COUNTRY
4318      | X..20                    | attribute              | 00                      | | RTN TO POST
4319      | X..30                    | attribute              | 00                      | | RTN TO PHONE
4320      | X..35:percent            | attribute              | 00                      | | SRV DESCRIPTION
4321      | N1:flag                  | attribute              | 00                      | | DANGEROUS GOODS
4322      | N1:flag                  | attribute              | 00                      | | AUTH TO LEAVE
4323      | N1:flag                  | attribute              | 00                      | | SIG REQUIRED
4324      | N6:date0 N4:time         | attribute              | 00                      | | NOT BEF DEL DT
4325      | N6:date0 N4:time         | attribute              | 00                      | | NOT AFT DEL DT
4326      | N6:date                  | attribute              | 00                      | | REL DATE
4330      | N6 [X1:minus]            | attribute              | 00                      | 4331 | MAX TEMP F.
4331      | N6 [X1:minus]            | attribute              | 00                      | 4330 | MAX TEMP C.
4332      | N6 [X1:minus]            | attribute              | 00                      | 4333 | MIN TEMP F.
4333      | N6 [X1:minus]            | attribute              | 00                      | 4332 | MIN TEMP C.
7001      | N13                      | attribute              | 01/02/8006/8026         | | NSN
7002      | X..30                    | attribute              | 01/02                   | | MEAT CUT
7003      | N6:date N4:time          | attribute              | 01/02                   | | EXPIRY TIME
7004      | N..4                     | attribute              | 01 10                   | | ACTIVE POTENCY
7005      | X..12                    | attribute              | 01/02                   | | CATCH AREA
7006      | N6:date                  | attribute              | 01/02                   | | FIRST FREEZE DATE
7007      | N6:date [N6:date]        | attribute              | 01/02                   | | HARVEST DATE
7008      | X..3                     | attribute              | 01/02                   | | AQUATIC SPECIES
7009      | X..10                    | attribute              | 01/02                   | | FISHING GEAR TYPE
7010      | X..2                     | attribute              | 01/02                   | | PROD METHOD
7011      | N6:date [N4:time]        | attribute              | 01/02                   | | TEST BY DATE
7020      | X..20                    | attribute              | 01/8006 416             | | REFURB LOT
7021      | X..20                    | attribute              | 01/8006                 | | FUNC STAT
7022      | X..20                    | attribute              | 7021                    | | REV STAT
7023      | X..30:prefix             | attribute              |                         | | GIAI - ASSEMBLY
7030-7039 | N3:country999 X..27      | attribute              | 01/02                   | | PROCESSOR #
7040      | N1 X1 X1 X1:index        | qualifier              |                         | | UIC+EXT
7041      | X..4                     |                        | 00                      | | UFRGT UNIT TYPE
710       | X..20                    | attribute              | 01                      | | NHRN PZN
711       | X..20                    | attribute              | 01                      | | NHRN CIP
712       | X..20                    | attribute              | 01                      | | NHRN CN
713       | X..20                    | attribute              | 01                      | | NHRN DRN
714       | X..20                    | attribute              | 01                      | | NHRN AIM
715       | X..20                    | attribute              | 01                      | | NHRN NDC
716       | X..20                    | attribute              | 01                      | | NHRN AIC
7230-7239 | X2 X..28                 | attribute              | 01/8004                 | | CERT #
7240      | X..20                    | attribute              | 01/8006                 | | PROTOCOL
7241      | N2:media                 | attribute              | 8017/8018               | | AIDC MEDIA TYPE
7242      | X..25                    | attribute              | 8017/8018               | | VCN
7250      | N8:longdate              | attribute              | 8018                    | 7251 | DOB
7251      | N8:longdate N4:time      | attribute              | 8018                    | 7250 | DOB TIME
7252      | N1:sex                   | attribute              | 8018                    | | BIO SEX
7253      | X..40:percent            | attribute              | 8017/8018               | 7256 7259 | FAMILY NAME
7254      | X..40:percent            | attribute              | 8017/8018               | 7256 7259 | GIVEN NAME
7255      | X..10                    | attribute              | 8017/8018               | 7256 7259 | SUFFIX
7256      | X..90:percent            | attribute              | 8017/8018               | | FULL NAME
7257      | X..70:percent            | attribute              | 8018                    | | PERSON ADDR
7258      | X3:sequence              | attribute              | 8018+7259               | | BIRTH SEQUENCE
7259      | X..40:percent            | attribute              | 8018                    | 7256 | BABY
8001      | N4:nonzero N5:nonzero N3:nonzero N1:winding N1 | attribute | 01            | | DIMENSIONS
8002      | X..20                    | attribute              |                         | | CMT No.
8003      | N1:zero N13:mod10 [X..16] | key                   |                         | | GRAI
8004      | X..30:prefix             | key 7040               |                         | | GIAI
8005      | N6                       | attribute              | 01/02                   | | PRICE PER UNIT
8006      | N14:mod10 N4:piece       | key 22,10,21           |                         | 01 37 | ITIP
8007      | X..34:iban               | attribute              | 415                     | | IBAN
8008      | N6:date N2:hour [N2:minute] [N2:minute] | attribute | 01/02                 | | PROD TIME
8009      | X..50                    | attribute              | 00/01                   | | OPTSEN
8010      | Y..30:prefix             | key 8011               |                         | | CPID
8011      | N..12:nonzero1           | qualifier              | 8010                    | | CPID SERIAL
8012      | X..20                    | attribute              | 01/8006                 | | VERSION
8013      | X..25:pair               | key                    |                         | | GMN
8014      | X..25:mudi               |                        | 01                      | | MUDI
8017      | N18:mod10                | key 8019               |                         | 8018 | GSRN - PROVIDER
8018      | N18:mod10                | key 8019               |                         | 8017 | GSRN - RECIPIENT
8019      | N..10                    | qualifier              | 8017/8018               | | SRIN
8020      | X..25                    | qualifier              | 415                     | | REF No.
8026      | N14:mod10 N4:piece       | attribute              | 37                      | 02 8006 | ITIP CONTENT
8030      | Z..90                    | attribute              | 00/01+21/253/255/8003/8004/8006+21/8010+8011/8017/8018 | | DIGSIG
8110      | X..70                    | attribute              |                         | |
8111      | N4                       | attribute              | 255                     | | POINTS
8112      | X..70                    | attribute              |                         | |
8200      | X..70                    |                        | 01                      | | PRODUCT URL
90        | X..30                    | attribute              |                         | | INTERNAL
91-99     | X..90                    | attribute              |                         | | INTERNAL
`

/**
 * Measures: AI of four digits, the last of them 0–5, says how many digits stand behind the decimal point; six digits; fixed length;
 * attributes of a Digital Link; one of each kind only. By what must stand beside them.
 */
export const gs1Measures: Readonly<Record<string, string>> = {
  '01/02': `
    310 NET WEIGHT (kg) | 311 LENGTH (m) | 312 WIDTH (m) | 313 HEIGHT (m) | 314 AREA (m²) | 315 NET VOLUME (l) | 316 NET VOLUME (m³)
    320 NET WEIGHT (lb) | 321 LENGTH (in) | 322 LENGTH (ft) | 323 LENGTH (yd) | 324 WIDTH (in) | 325 WIDTH (ft) | 326 WIDTH (yd)
    327 HEIGHT (in) | 328 HEIGHT (ft) | 329 HEIGHT (yd) | 350 AREA (in²) | 351 AREA (ft²) | 352 AREA (yd²)
    356 NET WEIGHT (t oz) | 357 NET VOLUME (oz) | 360 NET VOLUME (qt) | 361 NET VOLUME (gal.)
    364 VOLUME (in³) | 365 VOLUME (ft³) | 366 VOLUME (yd³)`,
  '00/01': `
    330 GROSS WEIGHT (kg) | 331 LENGTH (m), log | 332 WIDTH (m), log | 333 HEIGHT (m), log | 334 AREA (m²), log | 335 VOLUME (l), log
    336 VOLUME (m³), log | 340 GROSS WEIGHT (lb) | 341 LENGTH (in), log | 342 LENGTH (ft), log | 343 LENGTH (yd), log
    344 WIDTH (in), log | 345 WIDTH (ft), log | 346 WIDTH (yd), log | 347 HEIGHT (in), log | 348 HEIGHT (ft), log
    349 HEIGHT (yd), log | 353 AREA (in²), log | 354 AREA (ft²), log | 355 AREA (yd²), log | 362 VOLUME (qt), log
    363 VOLUME (gal.), log | 367 VOLUME (in³), log | 368 VOLUME (ft³), log | 369 VOLUME (yd³), log`,
  '01': '337 KG PER m²',
}
