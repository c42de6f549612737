import { type Type as ClassType } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

export const MAX_PAGE_SIZE = 200;

/** How every list is asked for: a page size, and the cursor that the page before gave. */
export class PageQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_PAGE_SIZE, default: 100, description: 'Page size.' })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_SIZE)
  readonly limit: number = 100;

  @ApiPropertyOptional({
    type: String,
    maxLength: 500,
    description: '`next_cursor` of the page before; without it, the first page.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  readonly cursor?: string;
}

/** The class that describes a page of `Item` to Swagger: `items` and `next_cursor`, null on the last page. */
export function pageOf<T>(
  Item: ClassType<T>,
): ClassType<{ readonly items: readonly T[]; readonly next_cursor: string | null }> {
  class Page {
    @ApiProperty({ type: Item, isArray: true })
    readonly items: readonly T[];

    @ApiProperty({
      type: String,
      nullable: true,
      example: 'MTo0NzEx',
      description: 'Cursor of the next page; null on the last one.',
    })
    readonly next_cursor: string | null;
  }
  Object.defineProperty(Page, 'name', { value: `${Item.name}Page` });
  return Page;
}
