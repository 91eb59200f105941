-- What a key may do is told more finely; a key may expire, and have quotas.

UPDATE api_keys SET scopes = replace(scopes, 'protect', 'read submit');

ALTER TABLE api_keys ADD COLUMN expires_at INTEGER;
-- Written at most every few minutes for each key.
ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER;
-- Without a number there is no limit.
ALTER TABLE api_keys ADD COLUMN quota_images_queued INTEGER CHECK (quota_images_queued > 0);
ALTER TABLE api_keys ADD COLUMN quota_bytes_queued INTEGER CHECK (quota_bytes_queued > 0);
ALTER TABLE api_keys ADD COLUMN quota_jobs_per_minute INTEGER CHECK (quota_jobs_per_minute > 0);

-- How many images of a tenant, of how many bytes, have not ended.
CREATE INDEX images_unfinished ON images (tenant, state, input_size) WHERE state IN ('queued', 'running');
