import type { SimulatorApi, SimulatorCall } from './simulator.records.js';

/** Base path of api-a. The JSON API has none. */
export const SIMULATOR_BASE_PATH = '/api-a';

/** API, call and methods of a path. */
export interface Route {
  api: SimulatorApi;
  call: SimulatorCall;
  methods: readonly string[];
}

const ROUTES = new Map<string, Route>([
  [`${SIMULATOR_BASE_PATH}/msgs`, { api: 'api-a', call: 'send', methods: ['GET', 'POST'] }],
  [`${SIMULATOR_BASE_PATH}/inbox/dlrs`, { api: 'api-a', call: 'dlrs', methods: ['GET'] }],
  [`${SIMULATOR_BASE_PATH}/billing/credits`, { api: 'api-a', call: 'credits', methods: ['GET'] }],
  ['/msgs/sms', { api: 'json', call: 'send', methods: ['POST'] }],
  ['/inbox/dlrs', { api: 'json', call: 'dlrs', methods: ['GET'] }],
  ['/billing/credits', { api: 'json', call: 'credits', methods: ['GET'] }],
  ['/users/me', { api: 'json', call: 'me', methods: ['GET'] }],
  ['/addresses/srcs', { api: 'json', call: 'senders', methods: ['GET'] }],
]);

/** The route of a path; undefined for an unknown path. */
export const routeOf = (path: string): Route | undefined => ROUTES.get(path);
