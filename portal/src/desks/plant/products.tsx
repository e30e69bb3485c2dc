import { listProducts } from '@kapok/contracts/data'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { Empty } from '../../components/waiting.tsx'

export function Products() {
  const { t } = useTranslation()
  return (
    <Page
      title={t('nav.products')}
      lead={t('product.lead')}
      action={
        <LinkButton to="/plant/products/new" primary>
          {t('product.create')}
        </LinkButton>
      }
    >
      <DataTable
        contract={listProducts}
        caption={t('nav.products')}
        search={t('product.search')}
        exportName="products"
        keyOf={(row) => row.id}
        empty={
          <Empty title={t('product.none')}>
            <Link to="/plant/products/new">{t('product.create')}</Link>
          </Empty>
        }
        columns={[
          {
            title: t('product.name'),
            sort: 'name',
            cell: (row) => <Link to={`/plant/products/${row.id}`}>{row.name}</Link>,
            text: (row) => row.name,
          },
          { title: t('product.version'), end: true, cell: (row) => row.version, text: (row) => String(row.version) },
          {
            title: t('product.properties'),
            end: true,
            cell: (row) => row.properties.length,
            text: (row) => String(row.properties.length),
          },
          {
            title: t('nav.machines'),
            sort: 'devices',
            end: true,
            cell: (row) => row.devices,
            text: (row) => String(row.devices),
          },
          {
            title: t('product.updated'),
            sort: 'updatedAt',
            cell: (row) => <Instant at={row.updatedAt} />,
            text: (row) => instantText(row.updatedAt),
          },
        ]}
      />
    </Page>
  )
}
