-- A copy for tests must not speak to WeChat in the merchant's name.
UPDATE distribution_wechat_account
   SET app_secret_encrypted = NULL,
       merchant_private_key_encrypted = NULL,
       api_v3_key_encrypted = NULL,
       access_token_encrypted = NULL,
       active = FALSE;
