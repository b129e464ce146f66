/** Without a login there is one tenant. */
export const TENANT = 'default'
