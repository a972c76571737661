import { Controller, Get, Post } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { checkRoutes } from './route-guard.ts';

@Controller('graphiql')
class Page {
  @Get(':file')
  file(): void {
    // Only its route matters.
  }
}

@Controller()
class Known {
  @Get('version')
  version(): void {
    // Only its route matters.
  }
}

@Controller('v1')
class Secret {
  @Post(':service/erase')
  erase(): void {
    // Only its route matters.
  }

  @Post('graphiql')
  open(): void {
    // Only its route matters.
  }
}

it('lets no route start of which the policy says nothing', () => {
  expect(() => checkRoutes([Page, Known])).not.toThrow();
  expect(() => checkRoutes([Page, Known, Secret])).toThrow(
    'No policy says who may do this: route POST /v1/:service/erase, route POST /v1/graphiql.',
  );
});
