import { theme as antdTheme, ConfigProvider } from 'antd'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { type Palette, palettes } from './palette.ts'
import { chosenTheme, keepTheme, type Theme } from './preferences.ts'

interface Look {
  theme: Theme
  palette: Palette
  choose(theme: Theme): void
}

const LookContext = createContext<Look | undefined>(undefined)

export function useLook(): Look {
  const look = useContext(LookContext)
  if (look === undefined) throw new Error('useLook outside LookProvider')
  return look
}

const prefersDark = matchMedia('(prefers-color-scheme: dark)')
const stillness = matchMedia('(prefers-reduced-motion: reduce)')
const fontFamily =
  '-apple-system, BlinkMacSystemFont, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", sans-serif'

/** Light or dark: the reader's choice, else the system's; one palette for the style sheet and for antd. */
export function LookProvider({ children }: { children: ReactNode }) {
  const [chosen, setChosen] = useState(chosenTheme)
  const [system, setSystem] = useState<Theme>(prefersDark.matches ? 'dark' : 'light')

  const theme = chosen ?? system
  const palette = palettes[theme]

  useEffect(() => {
    const follow = () => setSystem(prefersDark.matches ? 'dark' : 'light')
    prefersDark.addEventListener('change', follow)
    return () => prefersDark.removeEventListener('change', follow)
  }, [])
  useEffect(() => {
    const root = document.documentElement
    root.dataset.theme = theme
    root.style.colorScheme = theme
    for (const [name, colour] of Object.entries(palette)) root.style.setProperty(`--${name}`, colour)
    root.style.setProperty('--font', fontFamily)
  }, [theme, palette])

  const look = useMemo<Look>(
    () => ({
      theme,
      palette,
      choose(next) {
        keepTheme(next)
        setChosen(next)
      },
    }),
    [theme, palette],
  )
  return (
    <LookContext value={look}>
      <ConfigProvider
        button={{ autoInsertSpace: false }}
        theme={{
          algorithm: theme === 'dark' ? antdTheme.darkAlgorithm : antdTheme.defaultAlgorithm,
          token: {
            colorPrimary: palette.accent,
            colorLink: palette.link,
            colorInfo: palette.info,
            colorSuccess: palette.good,
            colorWarning: palette.notice,
            colorError: palette.fault,
            colorBgContainer: palette.surface,
            colorBgElevated: palette.surface,
            colorBgLayout: palette.page,
            colorText: palette.text,
            colorTextSecondary: palette.quiet,
            colorTextPlaceholder: palette.quiet,
            colorBorder: palette.strong,
            colorBorderSecondary: palette.line,
            fontFamily,
            fontSize: 14,
            borderRadius: 6,
            motion: !stillness.matches,
          },
          components: {
            Button: {
              // Said outright: the dark algorithm would shade the accent until its label is hard to read.
              colorPrimary: palette.accent,
              colorPrimaryHover: palette.accentHover,
              colorPrimaryActive: palette.accentHover,
              primaryColor: palette.onAccent,
              fontWeight: 500,
            },
          },
        }}
      >
        {children}
      </ConfigProvider>
    </LookContext>
  )
}
