import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { CrossSiteError } from './auth.errors.js';
import { credentialOf } from './caller-identity.js';
import { isStateChanging, requireSameOrigin } from './same-origin.js';

function aRequest(headers: Record<string, string>, facts: Partial<Request> = {}): Request {
  return { host: 'Holdfast.example:3000', header: (name: string) => headers[name], ...facts } as unknown as Request;
}

describe('the same origin', () => {
  it.each<Record<string, string>>([
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'same-origin', origin: 'http://elsewhere.example' },
    { origin: 'http://holdfast.example:3000' },
    { origin: 'https://holdfast.example:3000' },
  ])('is believed of %j', (headers) => {
    expect(() => requireSameOrigin(aRequest(headers))).not.toThrow();
  });

  it.each<Record<string, string>>([
    {},
    { 'sec-fetch-site': 'cross-site', origin: 'http://holdfast.example:3000' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': '' },
    { origin: 'http://holdfast.example' },
    { origin: 'http://holdfast.example:3000.evil.example' },
    { origin: 'http://holdfast.example:3000@evil.example' },
    { origin: 'null' },
    { origin: '' },
  ])('is not believed of %j', (headers) => {
    expect(() => requireSameOrigin(aRequest(headers))).toThrow(CrossSiteError);
  });

  it('is asked of every method that could change something', () => {
    const changing = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'].filter((method) =>
      isStateChanging({ method } as Request),
    );
    expect(changing).toEqual(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']);
  });
});

describe('what a request shows', () => {
  it.each([
    [{ authorization: 'Bearer abc' }, { kind: 'bearer', secret: 'abc' }],
    [
      { authorization: 'bearer   abc', cookie: 'holdfast_session=x' },
      { kind: 'bearer', secret: 'abc' },
    ],
    [{ cookie: 'a=b; holdfast_session=hs_x; c=d' }, { kind: 'cookie', secret: 'hs_x' }],
    [
      { cookie: 'holdfast_session=hs_x', authorization: 'Basic abc' },
      { kind: 'cookie', secret: 'hs_x' },
    ],
    [{ cookie: 'xholdfast_session=hs_x; holdfast_session=' }, undefined],
    [{ authorization: 'Bearer a b' }, undefined],
    [{}, undefined],
  ] as [Record<string, string>, object | undefined][])('%j: %j', (headers, credential) => {
    expect(credentialOf(aRequest(headers))).toEqual(credential);
  });
});
