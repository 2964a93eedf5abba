ALTER TABLE signing_keys DROP CONSTRAINT signing_keys_purpose_check;
DELETE FROM signing_keys WHERE purpose = 'checkpoints';
ALTER TABLE signing_keys ADD CONSTRAINT signing_keys_purpose_check
    CHECK (purpose IN ('access_tokens', 'token_status'));
DROP TABLE audit_tree;
DROP TABLE audit_checkpoints;
DROP TABLE audit_tree_nodes;
DROP TABLE audit_sealed_batches;
