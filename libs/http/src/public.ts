import { type CustomDecorator, SetMetadata } from '@nestjs/common';

export const PUBLIC_ROUTE = 'holdfast:public-route';

/** Opens a route to everybody. Only health endpoints and those where one signs in deserve it. */
export function Public(): CustomDecorator {
  return SetMetadata(PUBLIC_ROUTE, true);
}
