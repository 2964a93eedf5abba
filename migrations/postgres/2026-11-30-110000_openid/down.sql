DROP TABLE break_glass_accounts;
DROP TABLE openid_flows;
DROP TABLE identities;
