import { refusals } from '@kapok/contracts/refusal'

export const refuse = refusals({
  'sign-in.wrong': {
    status: 401,
    zh: '账号或密码不正确。忘记密码时，请向本平台管理员索取重置链接。',
    en: 'Login or password is wrong. If you forgot it, ask the administrator for a reset link.',
  },
  'sign-in.limited': {
    status: 429,
    zh: '尝试次数过多，请在 {minutes} 分钟后再试。',
    en: 'Too many attempts; try again in {minutes} minutes.',
  },
  'password.same': { status: 422, zh: '新密码须与原密码不同。', en: 'The new password must differ from the old one.' },
  'link.spent': {
    status: 404,
    zh: '该链接已使用或已过期，请向管理员索取新链接。',
    en: 'This link was used or has expired. Ask the administrator for a new one.',
  },
  'link.incomplete': {
    status: 422,
    zh: '请填写账号和姓名。',
    en: 'Fill in a login and your name.',
  },
  'login.taken': {
    status: 409,
    zh: '账号“{login}”已被使用，请换一个。',
    en: 'The login “{login}” is taken; choose another.',
  },
  'organisation.taken': {
    status: 409,
    zh: '同名或同一统一社会信用代码的机构已存在。',
    en: 'An organisation with this name or credit code exists already.',
  },
  'uscc.wrong': {
    status: 422,
    zh: '统一社会信用代码“{uscc}”校验位不正确，请核对营业执照。',
    en: 'The check digit of the credit code “{uscc}” is wrong; compare it with the licence.',
  },
  'uscc.missing': {
    status: 422,
    zh: '企业和服务商须填写统一社会信用代码。',
    en: 'An enterprise or supplier needs its credit code.',
  },
  'role.foreign': {
    status: 422,
    zh: '该类机构没有角色“{role}”。',
    en: 'An organisation of this kind has no role “{role}”.',
  },
})
