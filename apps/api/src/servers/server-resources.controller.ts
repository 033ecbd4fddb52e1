import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken, OperatorOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { OperationAnswerDto } from '../operations/operations.dto';
import { ServerAddressesService } from './server-addresses.service';
import { ServerEquipmentService } from './server-equipment.service';
import { ServerReinstallService } from './server-reinstall.service';
import { ServerResizeService } from './server-resize.service';
import {
  AddAddressDto,
  AddDeviceDto,
  FeatureDto,
  NewAddressAnswerDto,
  NewPasswordAnswerDto,
  ReinstallDto,
  RemoveAddressDto,
  RemoveDeviceDto,
  ResizeAnswerDto,
  ResizeDto,
  SetRdnsDto,
} from './servers.dto';

/** What a server has and is made of. */
@ApiTags('servers')
@Controller('v1/servers/:id/actions')
@AnyToken()
export class ServerResourcesController {
  constructor(
    @Inject(ServerResizeService) private readonly sizes: ServerResizeService,
    @Inject(ServerReinstallService) private readonly roots: ServerReinstallService,
    @Inject(ServerEquipmentService) private readonly equipment: ServerEquipmentService,
    @Inject(ServerAddressesService) private readonly addresses: ServerAddressesService,
  ) {}

  /** Live, all or nothing. `limits` merges, and is for billing and operators; the answer shows what the server will have. */
  @Post('resize')
  @Answers(202, ResizeAnswerDto)
  resize(@Context() context: RequestContext, @Param('id') id: string, @Body() body: ResizeDto) {
    return this.sizes.resize(context, id, body);
  }

  /** All files are lost; addresses, limits, features, devices and keys stay. It can be cancelled until the old root goes. */
  @Post('reinstall')
  @Answers(202, NewPasswordAnswerDto)
  reinstall(@Context() context: RequestContext, @Param('id') id: string, @Body() body: ReinstallDto) {
    return this.roots.reinstall(context, id, body);
  }

  @Post('enable_feature')
  @Answers(202, OperationAnswerDto)
  enableFeature(@Context() context: RequestContext, @Param('id') id: string, @Body() body: FeatureDto) {
    return this.equipment.enableFeature(context, id, body.feature);
  }

  @Post('disable_feature')
  @Answers(202, OperationAnswerDto)
  disableFeature(@Context() context: RequestContext, @Param('id') id: string, @Body() body: FeatureDto) {
    return this.equipment.disableFeature(context, id, body.feature);
  }

  /** A device node of the host by its name, or a network interface, which moves in. Operators only. */
  @Post('add_device')
  @OperatorOnly()
  @Answers(202, OperationAnswerDto)
  addDevice(@Context() context: RequestContext, @Param('id') id: string, @Body() body: AddDeviceDto) {
    return this.equipment.addDevice(context, id, body);
  }

  @Post('remove_device')
  @OperatorOnly()
  @Answers(202, OperationAnswerDto)
  removeDevice(@Context() context: RequestContext, @Param('id') id: string, @Body() body: RemoveDeviceDto) {
    return this.equipment.removeDevice(context, id, body.device);
  }

  /** One more, live; for IPv6 a /64. The answer says which. */
  @Post('add_address')
  @Answers(202, NewAddressAnswerDto)
  addAddress(@Context() context: RequestContext, @Param('id') id: string, @Body() body: AddAddressDto) {
    return this.addresses.add(context, id, body.family);
  }

  /** Live. The last one can't be removed; where the primary goes, the oldest of its family takes its place. */
  @Post('remove_address')
  @Answers(202, OperationAnswerDto)
  removeAddress(@Context() context: RequestContext, @Param('id') id: string, @Body() body: RemoveAddressDto) {
    return this.addresses.remove(context, id, body.address);
  }

  @Post('set_rdns')
  @Answers(202, OperationAnswerDto)
  setRdns(@Context() context: RequestContext, @Param('id') id: string, @Body() body: SetRdnsDto) {
    return this.addresses.name(context, id, body);
  }
}
