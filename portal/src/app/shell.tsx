import {
  DesktopOutlined,
  GlobalOutlined,
  LogoutOutlined,
  MoonOutlined,
  SunOutlined,
  UserOutlined,
} from '@ant-design/icons'
import { signOut } from '@kapok/contracts/access'
import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useCommand } from '../api/hooks.ts'
import { changeLanguage } from '../i18n/language.ts'
import { type DeskPage, deskOf, identifyPage, publicPages } from './desks.ts'
import { InboxLink } from './inbox-link.tsx'
import { useLook } from './look.tsx'
import { usePlatform, useSession } from './platform.ts'
import { WorldBanner } from './world-banner.tsx'

/** The frame of every page: brand, public pages, tools; the world's banner in a world; the desk's pages beside the page. */
export function Shell() {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  const session = useSession()
  const platform = usePlatform()
  const main = useRef<HTMLElement>(null)
  const desk = deskOf(session.data?.roles ?? [])
  const onDesk = desk !== undefined && isDeskPath(pathname)
  const seen = useRef(pathname)
  useEffect(() => {
    // A new page begins at its top, for the eye and for a screen reader.
    if (seen.current === pathname) return
    seen.current = pathname
    window.scrollTo(0, 0)
    if (document.activeElement === document.body || document.activeElement?.tagName === 'A') main.current?.focus()
  }, [pathname])
  const page: ReactNode = (
    <main className="main" id="main" ref={main} tabIndex={-1}>
      <Outlet />
    </main>
  )
  return (
    <div className={onDesk ? 'shell' : 'shell public'}>
      <a className="skip" href="#main">
        {t('shell.skip')}
      </a>
      {platform.data?.mode === 'world' && <WorldBanner />}
      <header className="topbar">
        <div className="topbar-in">
          <Link to="/" className="brand">
            <img src="/kapok.svg" alt="" />
            Kapok 木棉
          </Link>
          <nav aria-label={t('shell.publicPages')}>
            {[...publicPages, ...(platform.data?.resolves ? [identifyPage] : [])].map((each) => (
              <NavLink key={each.to} page={each} />
            ))}
          </nav>
          <Tools />
        </div>
      </header>
      {/* The page keeps its place while the session arrives: moved, it would begin anew and lose what was typed. */}
      <div className={onDesk ? 'desk' : 'no-desk'}>
        {onDesk && <DeskNav pages={desk.pages} title={t(`nav.desk.${desk.id}`)} />}
        {page}
      </div>
      <footer className="footer">
        <span>Kapok 木棉 {platform.data?.version}</span>
        <span>{t('shell.times')}</span>
        {platform.data?.tls === false && <span>{t('shell.plainTraffic')}</span>}
        <a href="/api/openapi.json">OpenAPI</a>
      </footer>
    </div>
  )
}

const deskPaths = [
  '/plant',
  '/supplier',
  '/review',
  '/finance',
  '/province',
  '/operator',
  '/admin',
  '/tokens',
  '/cases',
  '/inbox',
  '/account',
]
const isDeskPath = (pathname: string) => deskPaths.some((each) => pathname === each || pathname.startsWith(`${each}/`))

function NavLink({ page }: { page: DeskPage }) {
  const { t } = useTranslation()
  return (
    <Link to={page.to} className="navlink" activeOptions={{ exact: page.to.split('/').length === 2 }}>
      {t(`nav.${page.word as 'overview'}`)}
    </Link>
  )
}

function DeskNav({ pages, title }: { pages: readonly DeskPage[]; title: string }) {
  const wide = matchMedia('(min-width: 960px)').matches
  const links = (
    <ul className="plain">
      {pages.map((each) => (
        <li key={each.to}>
          <NavLink page={each} />
        </li>
      ))}
    </ul>
  )
  return (
    <nav className="side" aria-label={title}>
      {wide ? (
        links
      ) : (
        <details>
          <summary>{title}</summary>
          {links}
        </details>
      )}
    </nav>
  )
}

function Tools() {
  const { t, i18n } = useTranslation()
  const look = useLook()
  const session = useSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const leave = useCommand(signOut)
  const user = session.data?.user
  const desk = deskOf(session.data?.roles ?? [])
  const other = i18n.language === 'en' ? 'zh-CN' : 'en'
  return (
    <div className="tools">
      <button type="button" className="icon-button" onClick={() => void changeLanguage(other)} lang={other}>
        <GlobalOutlined aria-hidden /> {other === 'en' ? 'English' : '中文'}
      </button>
      <button
        type="button"
        className="icon-button"
        onClick={() => look.choose(look.theme === 'dark' ? 'light' : 'dark')}
        aria-label={look.theme === 'dark' ? t('shell.light') : t('shell.dark')}
        title={look.theme === 'dark' ? t('shell.light') : t('shell.dark')}
      >
        {look.theme === 'dark' ? <SunOutlined aria-hidden /> : <MoonOutlined aria-hidden />}
      </button>
      {user ? (
        <>
          <InboxLink />
          {desk?.pages[0] && (
            <Link to={desk.pages[0].to} className="icon-button">
              <DesktopOutlined aria-hidden /> <span className="wide">{t('shell.myDesk')}</span>
            </Link>
          )}
          <Link to="/account" className="icon-button">
            <UserOutlined aria-hidden /> <span className="wide">{user.name}</span>
          </Link>
          <button
            type="button"
            className="icon-button"
            aria-label={t('shell.signOut')}
            title={t('shell.signOut')}
            onClick={() =>
              leave.mutate(
                {},
                {
                  onSettled: async () => {
                    client.clear()
                    await navigate({ to: '/' })
                  },
                },
              )
            }
          >
            <LogoutOutlined aria-hidden />
          </button>
        </>
      ) : (
        <Link to="/sign-in" className="icon-button">
          <UserOutlined aria-hidden /> {t('shell.signIn')}
        </Link>
      )}
    </div>
  )
}
