import type { OrgKind } from '@kapok/contracts/roles'
import { makeUscc } from '@kapok/contracts/uscc'
import type { MachineKindName } from './machine/machine.ts'
import type { ShiftPlan } from './machine/shift.ts'

/** Who and what is in the sample province. Names are made up; region codes are GB/T 2260's. */
export interface OrganisationWords {
  key: string
  name: string
  kind: OrgKind
  region: string
  uscc?: string
  /** Its one member. */
  person: string
}

export const regions = [
  { code: '44', name: '广东省', nameEn: 'Guangdong' },
  { code: '4406', name: '佛山市', nameEn: 'Foshan' },
  { code: '440606', name: '顺德区', nameEn: 'Shunde' },
  { code: '440605', name: '南海区', nameEn: 'Nanhai' },
  // A city without counties: the review skips that level.
  { code: '4419', name: '东莞市', nameEn: 'Dongguan' },
]

const firm = (region: string, n: number) => makeUscc('91', region.padEnd(6, '0'), `MA5KAP0${n}`)

export const organisations = [
  { key: 'province', name: '省工业和信息化厅（样例）', kind: 'province', region: '44', person: '李文' },
  { key: 'finance', name: '省财政厅（样例）', kind: 'finance', region: '44', person: '周敏' },
  { key: 'foshan', name: '佛山市工业和信息化局（样例）', kind: 'city', region: '4406', person: '陈志远' },
  { key: 'shunde', name: '顺德区经济促进局（样例）', kind: 'county', region: '440606', person: '何静' },
  { key: 'nanhai', name: '南海区经济促进局（样例）', kind: 'county', region: '440605', person: '罗敏仪' },
  { key: 'dongguan', name: '东莞市工业和信息化局（样例）', kind: 'city', region: '4419', person: '黄伟' },
  { key: 'operator', name: '南粤通信（样例）', kind: 'operator', region: '44', person: '吴倩' },
  {
    key: 'cloud',
    name: '穗云工业互联网平台（样例）',
    kind: 'supplier',
    region: '440106',
    uscc: firm('440106', 1),
    person: '林晓',
  },
  {
    key: 'integrator',
    name: '岭南智联技术（样例）',
    kind: 'supplier',
    region: '440606',
    uscc: firm('440606', 2),
    person: '郑凯',
  },
  {
    key: 'mould',
    name: '凤城注塑（样例）',
    kind: 'enterprise',
    region: '440606',
    uscc: firm('440606', 3),
    person: '梁建国',
  },
  {
    key: 'precision',
    name: '莞城精密机械（样例）',
    kind: 'enterprise',
    region: '4419',
    uscc: firm('441900', 4),
    person: '叶秀芳',
  },
  // The one that lies: see playedDay.
  {
    key: 'hardware',
    name: '南海五金加工（样例）',
    kind: 'enterprise',
    region: '440605',
    uscc: firm('440605', 5),
    person: '邓耀辉',
  },
  {
    key: 'plastics',
    name: '容桂塑料（样例）',
    kind: 'enterprise',
    region: '440606',
    uscc: firm('440606', 6),
    person: '冯丽',
  },
  {
    key: 'electronics',
    name: '松山湖电子（样例）',
    kind: 'enterprise',
    region: '4419',
    uscc: firm('441900', 7),
    person: '苏明',
  },
  {
    key: 'furniture',
    name: '乐从家具（样例）',
    kind: 'enterprise',
    region: '440606',
    uscc: firm('440606', 8),
    person: '霍启华',
  },
] as const satisfies readonly OrganisationWords[]
export type OrganisationKey = (typeof organisations)[number]['key']

export interface MachineWords {
  name: string
  kind: MachineKindName
  seed: number
  plan: ShiftPlan
  /** What its controller speaks, when that is not its kind's own. */
  protocol?: 's7' | 'mc-3e' | 'fins' | 'mtconnect' | 'dlt645'
}

export interface PlantWords {
  key: OrganisationKey
  machines: readonly MachineWords[]
  /**
   * An honest plant sends what its machines do. The other runs its first machine on two days a week and owns no more:
   * on the others its gateway sends the first machine's one good day again, under all three names.
   */
  honest: boolean
}

const day = { fromHour: 8, toHour: 20, saturdays: true }
/** Injection moulding never cools down: a visitor at any hour finds this plant alive. */
const always = { fromHour: 0, toHour: 24, saturdays: true, sundays: true }
const long = { fromHour: 7, toHour: 22, saturdays: true }

export const plants: readonly PlantWords[] = [
  {
    key: 'mould',
    honest: true,
    machines: [
      { name: '注塑机 1', kind: 'injectionMoulding', seed: 101, plan: always },
      { name: '注塑机 2', kind: 'injectionMoulding', seed: 102, plan: always, protocol: 's7' },
      { name: '空压机 1', kind: 'compressor', seed: 103, plan: always },
      { name: '车间电表', kind: 'powerMeter', seed: 104, plan: always, protocol: 'dlt645' },
    ],
  },
  {
    key: 'precision',
    honest: true,
    machines: [
      { name: 'CNC 1', kind: 'machiningCentre', seed: 201, plan: long, protocol: 'mtconnect' },
      { name: 'CNC 2', kind: 'machiningCentre', seed: 202, plan: long, protocol: 'mtconnect' },
      { name: '空压机 1', kind: 'compressor', seed: 203, plan: long, protocol: 'mc-3e' },
    ],
  },
  {
    key: 'hardware',
    honest: false,
    machines: [
      { name: '冲压线 1', kind: 'machiningCentre', seed: 301, plan: day, protocol: 'fins' },
      { name: '冲压线 2', kind: 'machiningCentre', seed: 302, plan: day, protocol: 'fins' },
      { name: '冲压线 3', kind: 'machiningCentre', seed: 303, plan: day, protocol: 'fins' },
    ],
  },
]
