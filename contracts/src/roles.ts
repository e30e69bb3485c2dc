/** Kinds of organisation (机构类型) and the roles that a member may hold in each. */
export const orgKinds = [
  'enterprise',
  'supplier',
  'county',
  'city',
  'province',
  'finance',
  'assessor',
  'operator',
  'platform',
] as const
export type OrgKind = (typeof orgKinds)[number]

/** Every role; `public` is anybody, signed in or not. */
export const roles = [
  'public',
  'plant.manager',
  'plant.engineer',
  'supplier.manager',
  'county.reviewer',
  'city.reviewer',
  'province.reviewer',
  'finance.officer',
  'assessor.assessor',
  'operator.officer',
  'platform.administrator',
] as const
export type Role = (typeof roles)[number]

/** Which roles a member of an organisation of this kind can be given. Nothing else can be granted. */
export const rolesOfKind: Record<OrgKind, readonly Role[]> = {
  enterprise: ['plant.manager', 'plant.engineer'],
  supplier: ['supplier.manager'],
  county: ['county.reviewer'],
  city: ['city.reviewer'],
  province: ['province.reviewer'],
  finance: ['finance.officer'],
  assessor: ['assessor.assessor'],
  operator: ['operator.officer'],
  platform: ['platform.administrator'],
}
