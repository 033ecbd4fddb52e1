import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken, OperatorOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { ListLocationsQueryDto, LocationAnswerDto, LocationBodyDto, LocationListDto } from './locations.dto';
import { LocationsService } from './locations.service';

@ApiTags('locations')
@Controller('v1/locations')
export class LocationsController {
  constructor(@Inject(LocationsService) private readonly locations: LocationsService) {}

  @Get()
  @AnyToken()
  @Answers(200, LocationListDto)
  list(@Query() query: ListLocationsQueryDto) {
    return this.locations.list(query);
  }

  @Get(':id')
  @AnyToken()
  @Answers(200, LocationAnswerDto)
  get(@Param('id') id: string) {
    return this.locations.get(id);
  }

  @Post()
  @OperatorOnly()
  @Answers(201, LocationAnswerDto)
  create(@Context() context: RequestContext, @Body() body: LocationBodyDto) {
    return this.locations.create(context, body);
  }

  @Patch(':id')
  @OperatorOnly()
  @Answers(200, LocationAnswerDto)
  rename(@Context() context: RequestContext, @Param('id') id: string, @Body() body: LocationBodyDto) {
    return this.locations.rename(context, id, body);
  }

  @Delete(':id')
  @OperatorOnly()
  @Answers(204)
  delete(@Context() context: RequestContext, @Param('id') id: string) {
    return this.locations.delete(context, id);
  }
}
