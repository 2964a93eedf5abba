DELETE FROM signing_keys WHERE purpose = 'checkpoints';
DROP TABLE audit_tree;
DROP TABLE audit_checkpoints;
DROP TABLE audit_tree_nodes;
DROP TABLE audit_sealed_batches;
