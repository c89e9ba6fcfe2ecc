-- Every replica of backend hears of a deployment's change when it is committed, whoever made it:
-- its subscribers may be anywhere. Without a listener this costs nothing.
create function app.notify_of_deployment() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        perform pg_notify('app.deployments', json_build_object('id', old.id)::text);
    elsif new.status is distinct from old.status then
        -- A payload has room for 8000 bytes; half a thousand characters fit however they are escaped.
        perform pg_notify('app.deployments', json_build_object(
            'id', new.id, 'status', new.status, 'message', left(new.message, 500),
            'at', new.updated_at)::text);
    end if;
    return null;
end
$$;

create trigger deployments_notify after update or delete on app.deployments
    for each row execute function app.notify_of_deployment();
