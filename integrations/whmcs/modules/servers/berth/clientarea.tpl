{* Status and addresses of the server; WHMCS itself shows the buttons of berth_ClientAreaCustomButtonArray. *}
{if $berthError}
    <div class="alert alert-warning">{$berthError|escape}</div>
{elseif !$berth}
    <div class="alert alert-info">The server has not been set up yet.</div>
{else}
    <table class="table table-striped">
        <tr><th>Status</th><td>{$berth.status|escape}{if $berth.busy} (a change is under way){/if}</td></tr>
        <tr><th>Host name</th><td>{$berth.hostname|escape}</td></tr>
        <tr><th>Plan</th><td>{$berth.plan|escape}</td></tr>
        <tr><th>System</th><td>{$berth.template|escape}</td></tr>
        <tr><th>Location</th><td>{$berth.location|escape}</td></tr>
        {foreach $berth.addresses as $address}
            <tr>
                <th>IPv{$address.family|escape}{if $address.primary} (main){/if}</th>
                <td>{$address.address|escape}{if $address.rdns} ({$address.rdns|escape}){/if}</td>
            </tr>
        {/foreach}
    </table>
    {if $berth.status eq 'suspended'}
        <div class="alert alert-warning">The server is suspended.</div>
    {else}
        {foreach ['start' => 'Start', 'stop' => 'Stop', 'restart' => 'Restart'] as $action => $label}
            <form method="post" action="clientarea.php?action=productdetails" style="display: inline">
                <input type="hidden" name="id" value="{$serviceid|escape}">
                <input type="hidden" name="modop" value="custom">
                <input type="hidden" name="a" value="{$action}">
                <input type="hidden" name="token" value="{$token|escape}">
                <button type="submit" class="btn btn-default"{if $berth.busy} disabled{/if}>{$label}</button>
            </form>
        {/foreach}
    {/if}
{/if}
