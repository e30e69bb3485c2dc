import type { Theme } from './preferences.ts'

/**
 * The one list of colours, for the style sheet (as CSS variables), antd's tokens and the charts. 木棉红 is the accent
 * of the brand and the primary action, and of nothing else: a state has its own colour beside an icon and a word.
 */
const light = {
  accent: '#C4312B',
  accentHover: '#A82722',
  onAccent: '#FFFFFF',
  page: '#F5F6F8',
  surface: '#FFFFFF',
  sunken: '#EEF0F3',
  text: '#1B2029',
  quiet: '#596171',
  line: '#DCE0E6',
  strong: '#7C8594',
  link: '#1F5FA8',
  good: '#1B7A3D',
  goodSoft: '#E3F4E9',
  notice: '#8F5A00',
  noticeSoft: '#FCF1DA',
  fault: '#B3261E',
  faultSoft: '#FBE6E4',
  off: '#596171',
  offSoft: '#EBEDF1',
  info: '#1F5FA8',
  infoSoft: '#E4EEFA',
}
export type Palette = typeof light
const dark: Palette = {
  accent: '#E5645D',
  accentHover: '#EE8680',
  onAccent: '#1B0A09',
  page: '#11141A',
  surface: '#1A1E26',
  sunken: '#232833',
  text: '#E8EAEE',
  quiet: '#A4ACBA',
  line: '#333A47',
  strong: '#7C8594',
  link: '#7FB3EE',
  good: '#6CC98B',
  goodSoft: '#17321F',
  notice: '#E5B455',
  noticeSoft: '#382B10',
  fault: '#F2938C',
  faultSoft: '#421E1B',
  off: '#A4ACBA',
  offSoft: '#2A303B',
  info: '#7FB3EE',
  infoSoft: '#182B42',
}
export const palettes: Record<Theme, Palette> = { light, dark }

/** Okabe–Ito hues in a fixed order (the pale yellow and black replaced where the page would swallow them). */
export const seriesColours: Record<Theme, readonly string[]> = {
  light: ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#B8860B', '#56B4E9', '#6A51A3', '#4D4D4D'],
  dark: ['#56B4E9', '#E69F00', '#2FC79B', '#E29BC4', '#F0E442', '#4F9BD9', '#B7A3E3', '#CCCCCC'],
}
