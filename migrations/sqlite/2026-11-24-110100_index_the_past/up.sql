-- What ended in a period, for the question who went on all the same.
CREATE INDEX grant_spans_by_end ON grant_spans (valid_until) WHERE valid_until IS NOT NULL;
CREATE INDEX known_applications_deleted ON known_applications (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX application_spans_suspended ON application_spans (valid_from) WHERE state = 'suspended';
