/**
 * How names of the Chinese branch of the Handle System are built, as rows that a node operator can add to: the national node 88, the
 * secondary node of an industry or region, the enterprise, then the object.
 *
 * Published: the three parts of the prefix, divided by dots, the slash, and the issuing agency code VAA, which AIM assigned under
 * ISO/IEC 15459 on 2020-06-23 and which stands before the code on a carrier (《工业互联网标识解析 VAA编码导则》, October 2021); the
 * electronics industry's object: classes of SJ/T 11144, model, date, sequence. Ours: that node and enterprise are digits and how many
 * (examples have 1 to 5, the field lengths are not public), and how a carrier divides what stands behind VAA (the guide's lengths
 * are not public: here dots and the slash stay). MA (ISO/IEC 15459 code of the MA system) has the same form here; nothing of its
 * inner structure was at hand, so it is ours.
 */
export interface HandleTemplate {
  readonly name: string
  /** What stands before the code on a carrier (ISO/IEC 15459 issuing agency code); undefined for plain handles. */
  readonly issuingAgency: string | undefined
  /** The segments of the prefix: what each must match, and how people are told. */
  readonly prefix: readonly Segment[]
  /** The parts of the object, divided by dots; undefined when it is the enterprise's own. */
  readonly object: readonly Segment[] | undefined
}

interface Segment {
  readonly pattern: RegExp
  readonly expected: string
}

const nodes: readonly Segment[] = [
  { pattern: /^88$/, expected: '88, the national node' },
  { pattern: /^\d{1,10}$/, expected: 'the number of a secondary node' },
  { pattern: /^\d{1,10}$/, expected: 'the number of an enterprise' },
]

export const handleTemplates: readonly HandleTemplate[] = [
  { name: '88', issuingAgency: undefined, prefix: nodes, object: undefined },
  { name: 'VAA', issuingAgency: 'VAA', prefix: nodes, object: undefined },
  { name: 'MA', issuingAgency: 'MA', prefix: nodes, object: undefined },
  {
    name: '88 electronics',
    issuingAgency: undefined,
    prefix: nodes,
    object: [
      { pattern: /^\d{6}$/, expected: 'six digits of SJ/T 11144' },
      { pattern: /^[^.]+$/, expected: 'a model' },
      { pattern: /^\d+$/, expected: 'a date of production in digits' },
      { pattern: /^[0-9A-Za-z]+$/, expected: 'a sequence number' },
    ],
  },
]
