import {
  IconActivity,
  IconBox,
  IconBuildingCommunity,
  IconChartBar,
  IconCompass,
  IconDisc,
  IconGauge,
  IconKey,
  IconListDetails,
  IconMapPin,
  IconNetwork,
  IconPackage,
  IconServer2,
  IconWebhook,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { Role } from '../../api/types';

interface Entry {
  to: string;
  label: string;
  icon: ComponentType<{ size: number; stroke: number; 'aria-hidden': boolean }>;
  roles: Role[];
}

const everybody: Role[] = ['customer', 'billing', 'operator'];
const staff: Role[] = ['billing', 'operator'];
const operators: Role[] = ['operator'];

/** What there is for whom: as the API's routes are. Groups are drawn apart. */
export const navigation: Entry[][] = [
  [
    { to: '/overview', label: 'Overview', icon: IconGauge, roles: operators },
    { to: '/servers', label: 'Servers', icon: IconBox, roles: everybody },
    { to: '/snapshots', label: 'Snapshots', icon: IconDisc, roles: everybody },
    { to: '/operations', label: 'Jobs', icon: IconActivity, roles: everybody },
  ],
  [
    { to: '/hosts', label: 'Hosts', icon: IconServer2, roles: operators },
    { to: '/ip-pools', label: 'Address pools', icon: IconNetwork, roles: operators },
    { to: '/locations', label: 'Locations', icon: IconMapPin, roles: operators },
    { to: '/drift', label: 'Drift', icon: IconCompass, roles: operators },
  ],
  [
    { to: '/tenants', label: 'Tenants', icon: IconBuildingCommunity, roles: staff },
    { to: '/plans', label: 'Plans', icon: IconPackage, roles: operators },
    { to: '/templates', label: 'Templates', icon: IconDisc, roles: operators },
  ],
  [
    { to: '/usage', label: 'Usage and invoice', icon: IconChartBar, roles: everybody },
    { to: '/webhooks', label: 'Webhooks', icon: IconWebhook, roles: everybody },
    { to: '/tokens', label: 'Tokens', icon: IconKey, roles: everybody },
    { to: '/audit', label: 'Audit', icon: IconListDetails, roles: operators },
  ],
];
