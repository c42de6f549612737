import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { RouteWithoutPermissionError } from './auth.errors.js';
import { type Permission, permissionOf } from './permit.js';

/** A route of the running program, and who may use it. */
export interface RoutePermission {
  readonly method: string;
  /** `/api/devices/:id` */
  readonly path: string;
  /** Undefined: it does not say. No program that has started has such a route. */
  readonly permission: Permission | undefined;
  /** `DevicesController.get` */
  readonly handler: string;
}

/** Knows every route of the program, and refuses the start of one that has a route without a permission. */
@Injectable()
export class RoutePermissions implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws {RouteWithoutPermissionError} naming every method that states neither a role nor `@Public()` */
  onModuleInit(): void {
    const unstated = this.list().filter(({ permission }) => permission === undefined);
    if (unstated.length > 0)
      throw new RouteWithoutPermissionError([...new Set(unstated.map(({ handler }) => handler))]);
  }

  /** Every route of every controller, by path and then by method. */
  list(): RoutePermission[] {
    const routes = this.discovery.getControllers().flatMap(({ metatype }) => {
      const controller = metatype as ControllerClass;
      return this.scanner.getAllMethodNames(controller.prototype).flatMap((name) => routesOf(controller, name));
    });
    return routes.sort((a, b) => compare(a.path, b.path) || compare(a.method, b.method));
  }
}

type ControllerClass = { readonly name: string; readonly prototype: Record<string, object> };

/** None for a method that is no route; several when it, or its controller, has several paths. */
function routesOf(controller: ControllerClass, name: string): RoutePermission[] {
  const handler = controller.prototype[name];
  const method = RequestMethod[(Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined) ?? 0];
  const facts = { method, permission: permissionOf(handler, controller), handler: `${controller.name}.${name}` };
  return pathsOf(controller).flatMap((prefix) =>
    pathsOf(handler).map((path) => ({ ...facts, path: `/${[...partsOf(prefix), ...partsOf(path)].join('/')}` })),
  );
}

function pathsOf(target: object): string[] {
  const paths = Reflect.getMetadata(PATH_METADATA, target) as string | string[] | undefined;
  return paths === undefined ? [] : [paths].flat();
}

function partsOf(path: string): string[] {
  return path.split('/').filter(Boolean);
}

/** By code units, so that a sorted table looks the same everywhere. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
