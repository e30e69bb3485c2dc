import { inviteMember, listMembers, listOrganisations, resetMember, setMemberDisabled } from '@kapok/contracts/access'
import { type Role, rolesOfKind } from '@kapok/contracts/roles'
import { useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { Choices } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty, Failure } from '../../components/waiting.tsx'
import { OneTimeLink } from './one-time-link.tsx'

const changes = ['access.member.list', 'access.organisation.list']

/** Members of one organisation: invite by a one-time link, reset a password, bar and allow. */
export function Members() {
  const { t } = useTranslation()
  const { orgId = '' } = useParams({ strict: false })
  const organisations = useAsk(listOrganisations, { query: { size: 500 } })
  const organisation = organisations.data?.rows.find((each) => each.id === orgId)
  const reset = useCommand(resetMember, changes)
  const disable = useCommand(setMemberDisabled, changes)
  const [link, setLink] = useState<{ link: string; expiresAt: number }>()
  return (
    <Page
      title={organisation?.name ?? t('admin.members')}
      lead={organisation && t(`kind.${organisation.kind}`)}
      crumbs={[{ text: t('nav.organisations'), to: '/admin' }, { text: organisation?.name ?? t('admin.members') }]}
    >
      <div className="stack-wide">
        {link && <OneTimeLink {...link} />}
        <DataTable
          contract={listMembers}
          ask={{ params: { orgId } }}
          caption={t('admin.members')}
          search={t('admin.searchMembers')}
          exportName="members"
          keyOf={(row) => row.userId}
          empty={<Empty title={t('admin.noMembers')} />}
          columns={[
            { title: t('account.name'), sort: 'name', cell: (row) => row.name, text: (row) => row.name },
            {
              title: t('account.login'),
              sort: 'login',
              cell: (row) => <code>{row.login}</code>,
              text: (row) => row.login,
            },
            {
              title: t('account.roles'),
              cell: (row) => row.roles.map((role) => t(`role.${role}`)).join('、'),
              text: (row) => row.roles.join(' '),
            },
            {
              title: t('admin.lastSignIn'),
              sort: 'lastSignIn',
              cell: (row) => <Instant at={row.lastSignIn} />,
              text: (row) => (row.lastSignIn === null ? '' : instantText(row.lastSignIn)),
            },
            {
              title: t('case.stateOf'),
              cell: (row) => (
                <StatusTag tone={row.disabled ? 'fault' : 'good'}>
                  {row.disabled ? t('admin.barred') : t('admin.active')}
                </StatusTag>
              ),
              text: (row) => (row.disabled ? t('admin.barred') : t('admin.active')),
            },
            {
              title: t('plant.acts'),
              cell: (row) => (
                <span className="row">
                  <ConfirmAct
                    button={t('admin.reset')}
                    title={`${t('admin.reset')} · ${row.name}`}
                    effect={t('admin.resetEffect')}
                    act={async () => setLink(await reset.mutateAsync({ params: { userId: row.userId } }))}
                  />
                  <ConfirmAct
                    danger={!row.disabled}
                    button={row.disabled ? t('admin.allow') : t('admin.bar')}
                    title={`${row.disabled ? t('admin.allow') : t('admin.bar')} · ${row.name}`}
                    effect={row.disabled ? t('admin.allowEffect') : t('admin.barEffect')}
                    act={() =>
                      disable.mutateAsync({ params: { userId: row.userId }, body: { disabled: !row.disabled } })
                    }
                  />
                </span>
              ),
            },
          ]}
        />
        {organisation && <Invite orgId={orgId} roles={rolesOfKind[organisation.kind]} onLink={setLink} />}
      </div>
    </Page>
  )
}

function Invite({
  orgId,
  roles,
  onLink,
}: {
  orgId: string
  roles: readonly Role[]
  onLink(link: { link: string; expiresAt: number }): void
}) {
  const { t } = useTranslation()
  const invite = useCommand(inviteMember, changes)
  const [chosen, setChosen] = useState<string[]>(roles.slice(0, 1))
  return (
    <Card title={t('admin.invite')}>
      <div className="form">
        <Choices
          id="roles"
          many
          legend={t('account.roles')}
          value={chosen}
          onValue={setChosen}
          options={roles.map((value) => ({ value, text: t(`role.${value}`) }))}
        />
        <div>
          <Button
            type="primary"
            disabled={chosen.length === 0}
            loading={invite.isPending}
            onClick={() =>
              invite.mutate(
                { params: { orgId }, body: { roles: roles.filter((role) => chosen.includes(role)) } },
                { onSuccess: onLink },
              )
            }
          >
            {t('admin.makeLink')}
          </Button>
        </div>
        {invite.isError && <Failure error={invite.error} />}
      </div>
    </Card>
  )
}
